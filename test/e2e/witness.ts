import { expect, type Page } from '@playwright/test'
import type { Asset, CallName, EngineEvent, Job, Snapshot } from '../../src-main/contract'

/** What windows were told, and so what they may rely on, across all their lives. */
export interface Witness {
  /** Every asset as it was last told. */
  assets: Map<string, Asset>
  /** What each number of steps made of an asset, by `<asset>/<revision>`. */
  revisions: Map<string, { version: string; frames: number }>
  /** Most steps that were told of each asset. */
  steps: Map<string, number>
  jobs: Map<string, Job>
  /** Jobs that were told to be done, with what they made. */
  done: Map<string, string[]>
  /** Recordings that were begun, and the assets of those that the window completed. */
  begun: string[]
  finished: Map<string, Asset>
  /** How many whole states were told, and the last. */
  snapshots: number
  last: Snapshot | undefined
  /** Listens to what the engine tells this page. To be called before the page is loaded. */
  attach(page: Page): void
}

type Message =
  { type: 'result'; id: number; value: unknown } | ({ type: 'event' } & EngineEvent) | { type: 'welcome' | 'error' }

/** Reads along on the line between the windows and the engine. */
export function witness(): Witness {
  const jobDone = (job: Job) => {
    own.jobs.set(job.id, job)
    if (job.state === 'done') own.done.set(job.id, job.results)
  }
  const assetTold = (asset: Asset) => {
    own.assets.set(asset.id, asset)
    if (!asset.audio) return
    const { revision, version } = asset.edit ?? { revision: 0, version: '' }
    const key = `${asset.id}/${revision}`
    const told = { version, frames: asset.audio.frames }
    expect(told, `${key} is told as something else`).toEqual(own.revisions.get(key) ?? told)
    own.revisions.set(key, told)
    own.steps.set(asset.id, Math.max(revision, own.steps.get(asset.id) ?? 0))
  }
  const own: Witness = {
    ...{
      assets: new Map(),
      revisions: new Map(),
      steps: new Map(),
      jobs: new Map(),
      done: new Map(),
      begun: [],
      finished: new Map(),
    },
    ...{ snapshots: 0, last: undefined },
    attach(page) {
      page.on('websocket', (socket) => {
        const asked = new Map<number, CallName>()
        socket.on('framesent', ({ payload }) => {
          const message = JSON.parse(String(payload)) as { type: string; id: number; call: CallName }
          if (message.type === 'call') asked.set(message.id, message.call)
        })
        socket.on('framereceived', ({ payload }) => {
          const message = JSON.parse(String(payload)) as Message
          if (message.type === 'event') {
            if (message.event === 'asset.changed') assetTold(message.data.asset)
            if (message.event === 'job.changed') jobDone(message.data.job)
          } else if (message.type === 'result') answered(asked.get(message.id), message.value)
        })
      })
    },
  }
  const answered = (call: CallName | undefined, value: unknown) => {
    const { asset, job, recording } = value as { asset?: Asset; job?: Job; recording?: string }
    if (asset) assetTold(asset)
    if (job) jobDone(job)
    if (call === 'record.start') own.begun.push(recording!)
    if (call === 'record.finish') own.finished.set(asset!.recorded!.id, asset!)
    if (call !== 'state.get') return
    own.last = value as Snapshot
    own.snapshots++
    own.last.assets.forEach(assetTold)
    own.last.jobs.forEach(jobDone)
  }
  return own
}
