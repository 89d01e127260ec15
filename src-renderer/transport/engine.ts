import { applyEvent, applySnapshot, assetOf } from '../state/project.svelte'
import { connection, setStatus } from '../state/connection.svelte'
import { noticeOfDamage, noticeOfError, noticeOfExit, noticeOfJob, noticeOfRescue } from '../state/announce'
import { select } from '../state/selection.svelte'
import { openLink, type Link } from './link'

let link: Link | undefined

/** Opens the line to the engine and lets it feed the window's state; called once. */
export function start() {
  link = openLink({
    onStatus: setStatus,
    onSnapshot(snapshot) {
      applySnapshot(snapshot)
      connection.opening = null
      noticeOfExit(snapshot.engine.lastExit)
      for (const asset of snapshot.assets) {
        noticeOfRescue(asset, snapshot.engine.startedAt)
        noticeOfDamage(asset)
      }
    },
    onEvent(event) {
      if (event.event === 'job.changed') noticeOfJob(event.data.job)
      const added = event.event === 'asset.changed' && !assetOf(event.data.asset.id) ? event.data.asset : undefined
      applyEvent(event)
      if (added) noticeOfRescue(added)
      if (event.event === 'notice') noticeOfError(event.data.error)
      // What the desktop's own menu or file manager opened is shown at once.
      if (added && window.desktop && !added.origin && !added.recorded) select(added.id)
    },
  })
}

/** Calls the engine. */
export const call: Link['call'] = (name, args, options) => {
  if (!link) throw new Error('The line to the engine is not open: call start() first.')
  return link.call(name, args, options)
}
