import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { random } from '../../src-main/lib/random'
import { expect, startBrowserHost, test } from './fixtures'
import { tinyVoices } from './tiny-voices'
import { addFiles, addRecording, lane, library, queue } from './window'
import { witness } from './witness'

// NAGARE_KILLS=50 kills so often; NAGARE_SEED repeats a run.
const kills = Number(process.env['NAGARE_KILLS'] ?? 3)
const seed = Number(process.env['NAGARE_SEED'] ?? Date.now() % 1_000_000)
const slowly = { timeout: 40_000 }

const kinds = ['tab', 'engine', 'host'] as const
type Kind = (typeof kinds)[number]
type Host = Awaited<ReturnType<typeof startBrowserHost>>

const bar = (page: Page) => page.getByRole('region', { name: 'Recorder' })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Seconds that the recorder shows; 0 where it is not there. */
const recorded = (page: Page) =>
  page.evaluate(() => {
    const text = document.querySelector('[data-testid=recorded]')?.textContent ?? '0'
    return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  })

test('whatever is killed while editing, recording and computing, nothing that was finished is lost', async ({
  host: kindOfHost,
  context,
}) => {
  test.skip(kindOfHost === 'electron', 'kills the Node host')
  test.setTimeout(90_000 + kills * 120_000)
  console.log(`kills: ${kills}, seed: ${seed}`)
  const draw = random(seed)
  const pick = <T>(list: readonly T[]): T => list[draw.integer(list.length)]!
  const home = await mkdtemp(join(tmpdir(), 'nagare-e2e-kills-'))
  let host: Host = await startBrowserHost(home)
  const told = witness()
  const open = async () => {
    const page = await host.open(async () => {
      const page = await context.newPage()
      page.setDefaultTimeout(slowly.timeout)
      told.attach(page)
      return page
    })
    await expect.poll(() => told.snapshots, slowly).toBeGreaterThan(0)
    return page
  }
  /** Recordings by their parts, and the seconds that the window had shown; some are completed by it, the others by themselves. */
  const recordings: { parts: string[]; shown: number }[] = []
  const lost: number[] = []
  const sounds = new Map<string, string>()
  const count: Record<string, number> = {}
  const { project } = host

  try {
    let page = await open()
    await addFiles(host, page, { 'voices.nagare': await tinyVoices() })
    await expect(page.getByRole('status').filter({ hasText: 'Model Tiny voices added' })).toBeVisible()
    await addRecording(host, page, 'work.wav', 7)
    const work = [...told.assets.values()].find(({ name }) => name === 'work.wav')!.id
    const steps = () => told.steps.get(work) ?? 0
    const now = () => told.revisions.get(`${work}/${steps()}`)!

    const show = async () => {
      await library(page)
        .getByRole('button', { name: /^work\.wav/ })
        .first()
        .click()
      await expect(page.getByRole('textbox', { name: 'Name of the recording' })).toHaveValue('work.wav')
      await expect(lane(page, 'original').locator('[data-drawn=true]')).toBeVisible(slowly)
    }
    /** The SHA-256 of a sound as the host serves it, which must be all there. */
    const soundOf = async (id: string, version: string, frames: number): Promise<string> => {
      const address = new URL(`/media/${id}${version && `?v=${version}`}`, host.url).href
      const response = await context.request.get(address)
      expect(response.status(), address).toBe(200)
      const bytes = await response.body()
      const { pcm, channels } = told.assets.get(id)!.audio!
      const sampleBytes = { u8: 1, s16: 2, s24: 3, s32: 4, f32: 4, f64: 8 }[pcm.encoding]
      expect(bytes.length - pcm.offset, `bytes of ${id}`).toBe(frames * channels * sampleBytes)
      return sha256(bytes.subarray(pcm.offset))
    }
    /** Notes what the work sounds like now, or compares it with what it sounded like when it was the same. */
    const listen = async () => {
      const { version, frames } = now()
      const sound = await soundOf(work, version, frames)
      expect(sound, `the sound of version ${version}`).toBe(sounds.get(version) ?? sound)
      sounds.set(version, sound)
      return sound
    }

    /** Chooses a task, once a run that was begun lets one. */
    const choose = async (name: string) => {
      const tasks = page.getByRole('group', { name: 'What to do' })
      await expect(async () => {
        await tasks.getByText(name).click()
        await expect(tasks.getByRole('radio', { name })).toBeChecked({ timeout: 500 })
      }).toPass(slowly)
    }
    const convert = async () => {
      await choose('Convert')
      await page.getByRole('combobox', { name: 'Model' }).selectOption('Tiny voices')
      await page.getByRole('button', { name: /^Convert( selection)?$/ }).click()
    }
    const enhance = async () => {
      await choose('Enhance')
      await page.getByRole('button', { name: /^Enhance( selection)?$/ }).click()
    }

    /** One edit of a stretch at random, by mouse and key; resolves once the window is told that it is made. */
    let [begun, ended] = [0, 0]
    const edit = async (isOver: () => boolean) => {
      const { undo, redo } = told.assets.get(work)!.edit ?? {}
      const seconds = now().frames / 16_000
      const ways = ['Shift+S', 'Shift+I', 'Shift+O', 'copy', ...(seconds > 5 ? ['Delete'] : [])]
      const way = pick([...ways, ...(undo ? ['Control+z'] : []), ...(redo ? ['Control+Shift+z'] : [])])
      const before = steps()
      begun++
      if (!way.startsWith('Control')) {
        const box = (await page.getByRole('slider', { name: 'Playback position' }).boundingBox())!
        const [from, to] = [0.1 + 0.3 * draw.uniform(), 0.5 + 0.2 * draw.uniform()]
        await page.mouse.move(box.x + box.width * from, box.y + box.height * 0.3)
        await page.mouse.down()
        await page.mouse.move(box.x + box.width * to, box.y + box.height * 0.3, { steps: 2 })
        await page.mouse.up()
      }
      if (way === 'copy') {
        await page.keyboard.press('Control+c')
        await page.keyboard.press('Control+v')
      } else await page.keyboard.press(way)
      for (let i = 0; i < 400 && steps() === before && !isOver(); i++) await delay(50)
      if (isOver()) return
      expect(steps(), `${way} was made`).toBe(before + 1)
      ended = begun
      await listen()
    }

    let killing: Promise<void> = Promise.resolve()
    let recordingFrom = 0
    const startRecording = async () => {
      recordingFrom = told.begun.length
      await expect(page.getByRole('button', { name: 'Record', exact: true }).first()).toBeEnabled(slowly)
      await page.keyboard.press('r')
      await expect(bar(page)).toHaveAttribute('data-phase', 'recording', slowly)
      await expect.poll(() => told.begun.length, slowly).toBeGreaterThan(recordingFrom)
    }

    const kill = async (kind: Kind) => {
      const shown = await recorded(page)
      const isCrash = draw.uniform() < 0.5
      const name = kind !== 'tab' ? kind : isCrash ? 'tab crashed' : 'tab closed'
      count[name] = (count[name] ?? 0) + 1
      if (kind === 'engine') return host.killEngine()
      recordings.push({ parts: told.begun.slice(recordingFrom), shown })
      if (kind === 'tab' && !isCrash) return page.close()
      if (kind === 'tab') {
        const session = await context.newCDPSession(page)
        const crashed = page.waitForEvent('crash')
        void session.send('Page.crash').catch(() => undefined)
        await crashed
        return page.close()
      }
      await host.killHost()
      await page.close()
      host = await startBrowserHost(home)
    }

    const order = [...kinds.keys()].length
    const first = draw.shuffle(order)
    for (let round = 0; round < kills; round++) {
      const kind = kinds[round < order ? first[round]! : draw.integer(order)]!
      await test.step(`${round + 1}: ${kind}`, async () => {
        const since = Date.now()
        await show()
        const active = [...told.jobs.values()].filter(({ state }) => state === 'queued' || state === 'running').length
        if (active < 3) {
          await convert()
          await enhance()
        }
        await startRecording()

        let isOver = false
        /** What the windows had been told when it was killed. */
        let [least, finished, done] = [0, 0, new Map<string, string[]>()]
        const moment = 300 + 2700 * draw.uniform()
        killing = delay(moment).then(async () => {
          const snapshots = told.snapshots
          ;[least, finished, done] = [steps(), ended, new Map(told.done)]
          isOver = true
          await kill(kind)
          if (kind !== 'engine') return
          await expect.poll(() => told.snapshots, slowly).toBeGreaterThan(snapshots)
        })
        // What is under way at that moment fails with the page.
        while (!isOver)
          await edit(() => isOver).catch((thrown: unknown) => {
            if (!isOver) throw thrown
          })
        await killing
        const most = least + begun - finished
        ended = begun

        if (page.isClosed()) {
          told.snapshots = 0
          page = await open()
        } else {
          await expect(bar(page)).toHaveAttribute('data-phase', 'recording', slowly)
          const shown = await recorded(page)
          await page.keyboard.press('r')
          await expect(bar(page)).toBeHidden(slowly)
          recordings.push({ parts: told.begun.slice(recordingFrom), shown })
        }

        await checkWork(least, most)
        await checkJobs(done)
        await checkAssets(false)
        // Now and then the next kill meets a recording that is being rescued.
        if (draw.uniform() < 0.4) await checkRecordings()
        await show()
        await checkUndo()
        if (kills > 5) console.log(`${round + 1}: ${kind}, ${((Date.now() - since) / 1000).toFixed(1)} s`)
      })
    }

    /** Each edit that was told is there; the one under way may be. */
    async function checkWork(least: number, most: number) {
      const found = told.last!.assets.find(({ id }) => id === work)!
      const revision = found.edit?.revision ?? 0
      expect(revision, 'steps of the work').toBeGreaterThanOrEqual(least)
      expect(revision, 'steps of the work').toBeLessThanOrEqual(most)
      expect(found.edit?.damagedAfter).toBeUndefined()
      const file = join(project, 'history', `${work}.jsonl`)
      const unwritten = async () => steps() - (await readFile(file, 'utf8').catch(() => '')).split('\n').length + 1
      await expect.poll(unwritten, slowly).toBe(0)
      await listen()
    }

    /** Every job that was done is done, with all that it made; the others wait, run, or were given up after three crashes. */
    async function checkJobs(done: Map<string, string[]>) {
      const { jobs, assets } = told.last!
      for (const [id, results] of done)
        expect(
          jobs.find((job) => job.id === id),
          `job ${id}`,
        ).toMatchObject({ state: 'done', results })
      for (const id of told.jobs.keys()) expect(jobs.map((job) => job.id)).toContain(id)
      expect(jobs.filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(1)
      for (const { state, error } of jobs) {
        expect(['queued', 'running', 'done', 'failed']).toContain(state)
        if (state === 'failed') expect(error!.message).toMatch(/^The engine ended 3 times/)
      }
      const made = new Set(jobs.filter(({ state }) => state === 'done').flatMap(({ results }) => results))
      for (const { id, origin } of assets)
        if (origin && jobs.find((job) => job.id === origin.job)?.state !== 'running')
          expect(made.has(id), `${id} is of a job that is not done`).toBe(true)
      const lines = (await readFile(join(project, 'jobs.jsonl'), 'utf8')).split('\n').slice(0, -1)
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('type')
    }

    /** Every asset is whole on the disk, and for the window: where not `all`, the ten newest and ten others. */
    async function checkAssets(all = true) {
      const count = told.last!.assets.length
      const fetched = new Set(Array.from({ length: 10 }, (_, i) => [count - 1 - i, draw.integer(count)]).flat())
      for (const [i, { id, bytes, sha256: digest, audio, edit, origin }] of told.last!.assets.entries()) {
        const folder = join(project, 'assets', id)
        const names = await readdir(folder)
        const source = await readFile(
          join(
            folder,
            names.find((name) => name.startsWith('source.'))!,
          ),
        )
        expect({ bytes: source.length, digest: sha256(source) }, id).toEqual({ bytes, digest })
        if (id !== work && (all || fetched.has(i))) await soundOf(id, edit?.version ?? '', audio!.frames)
        const job = origin && told.jobs.get(origin.job)
        if (job) expect(audio!.frames, id).toBe(told.revisions.get(`${work}/${job.revision ?? 0}`)!.frames)
      }
    }

    /** What was recorded is there, whoever completed it, and lacks at most a second. */
    async function checkRecordings() {
      for (const { parts, shown } of recordings.splice(0)) {
        const find = () => [...told.assets.values()].filter(({ recorded }) => recorded && parts.includes(recorded.id))
        const sum = () => find().reduce((all, { audio }) => all + audio!.frames / audio!.sampleRate, 0)
        await expect.poll(sum, { ...slowly, message: `a recording of ${shown} s` }).toBeGreaterThan(shown - 1)
        lost.push(shown - sum())
      }
    }

    /** The last step is taken back and done again, and sounds as it did. */
    async function checkUndo() {
      if (!told.assets.get(work)!.edit?.undo) return
      const [before, sound] = [steps(), await listen()]
      await page.keyboard.press('Control+z')
      await expect.poll(steps, slowly).toBe(before + 1)
      await listen()
      await page.keyboard.press('Control+Shift+z')
      await expect.poll(steps, slowly).toBe(before + 2)
      expect(await listen()).toBe(sound)
    }

    await test.step('at the end all is done, and nothing is left over', async () => {
      await checkRecordings()
      const open = () => [...told.jobs.values()].filter(({ state }) => state !== 'done' && state !== 'failed').length
      await expect.poll(open, { timeout: 120_000 }).toBe(0)
      await page.keyboard.press('q')
      const failed = [...told.jobs.values()].filter(({ state }) => state === 'failed')
      for (const _ of failed)
        await queue(page)
          .locator('xpath=self::*[@data-state="failed"]')
          .first()
          .getByRole('button', { name: /^Run .* again$/ })
          .click()
      await expect.poll(() => told.done.size, { timeout: 120_000 }).toBe(told.jobs.size)
      // A recording of less than a second whose window is gone, too short to be asked for above, is completed once it was quiet for some looks.
      const left = async () => {
        const files = await readdir(project, { recursive: true })
        return files.filter((file) => /\.part$|^(work|recordings|incoming)\/./.test(file))
      }
      await expect.poll(left, slowly).toEqual([])
      told.snapshots = 0
      await page.reload()
      await expect.poll(() => told.snapshots, slowly).toBe(1)
      await checkWork(steps(), steps())
      await checkJobs(told.done)
      await checkAssets()
      const summary = {
        ...{ seed, kills: count, edits: steps(), jobs: told.jobs.size },
        ...{
          jobsInterrupted: [...told.jobs.values()].filter(({ attempt }) => attempt > 1).length,
          givenUp: failed.length,
        },
        ...{ recordings: lost.length, mostLostMilliseconds: Math.round(1000 * Math.max(...lost)) },
      }
      test.info().annotations.push({ type: 'kills', description: JSON.stringify(summary) })
      console.log(summary)
    })
  } finally {
    await host.close()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
})
