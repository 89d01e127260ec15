import { mkdir, rmdir, stat } from 'node:fs/promises'
import { basename, extname, join, resolve, sep } from 'node:path'
import { precisions } from '../compute'
import { asNagareError, NagareError } from '../lib/errors'
import { enhance as task } from '../tasks/enhance'
import { enhanceSettings, type EnhanceSettings } from '../tasks/enhance/settings'
import { runOnDevice, type DeviceUse } from '../tasks/run-on-device'
import type { TaskContext } from '../tasks/task'
import { failureOf, type Failed } from './failures'
import { commonOptions, needed, number, oneOf, seedOf, text, type Command } from './command'
import { identity, outputPath, soundName } from './outputs'
import { findPackOfKind } from './places'
import { duration } from './terminal'

const usage =
  'nagare enhance IN… -o OUT [--model PACK] [--strength 0..1] [--iterations N] [--noise-out FILE] [--precision P]'

const mostIterations = enhanceSettings.shape.iterations.unwrap().maxValue!

export const enhance: Command = {
  name: 'enhance',
  usage,
  summary: 'Clean noisy recordings of speech',
  help: {
    'IN…': 'recordings: WAV, FLAC, MP3, Ogg, M4A …, of any rate, length and number of channels',
    '-o, --out OUT': 'the cleaned recording (.wav: 32-bit float, .flac: 24-bit), or a folder/ for one file each',
    '--noise-out FILE': 'also write what was taken away',
    '--strength 0..1': `how much of the noise is taken away (${enhanceSettings.parse({}).strength})`,
    '--iterations N': `more find the noise better and take longer (${enhanceSettings.parse({}).iterations}, at most ${mostIterations})`,
    '--precision P': `how exactly the model computes: ${precisions.join(', ')} (${enhanceSettings.parse({}).precision})`,
    '--model PACK': 'a model pack, by path or by its name in `nagare models`',
  },
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    model: { type: 'string' },
    strength: { type: 'string' },
    iterations: { type: 'string' },
    'noise-out': { type: 'string' },
    precision: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    const inputs = positionals.map((path) => resolve(path))
    if (inputs.length === 0)
      throw new NagareError('bad-input', 'enhance needs a recording.', { hint: `Usage: ${usage}` })
    const out = needed(values, 'out', usage)
    const strength = number(values, 'strength', { min: 0, max: 1 })
    const iterations = number(values, 'iterations', { min: 1, max: mostIterations, integer: true })
    const precision = oneOf(values, 'precision', precisions)
    const settings = enhanceSettings.omit({ noise: true }).parse({ strength, iterations, precision })
    const seed = seedOf(values)
    let device = text(values, 'device') ?? 'cpu'
    // What holds for one recording holds for the rest, and is said once.
    const used = (use: DeviceUse) => {
      if (use.fallback !== null) terminal.note(use.fallback)
      device = use.device
    }
    const pack = await findPackOfKind(task.packKinds, text(values, 'model'))
    const { targets, newFolder } = await targetsFor(inputs, out, text(values, 'noise-out'))
    const files: Cleaned[] = []
    const failures: Failed[] = []
    for (const [i, { input, clean, noise }] of targets.entries()) {
      const startedAt = performance.now()
      let materialSeconds = 0
      try {
        const context: TaskContext<EnhanceSettings> = {
          source: input,
          sourceName: basename(input),
          settings: { ...settings, noise: noise !== undefined },
          pack,
          device,
          seed,
          output: (role) => (role === 'noise' ? noise! : clean),
          progress: (progress) => {
            materialSeconds = progress.materialSeconds ?? materialSeconds
            const phase =
              targets.length > 1
                ? `${basename(input)} (${i + 1} of ${targets.length}): ${progress.phase}`
                : progress.phase
            terminal.progress({ ...progress, phase })
          },
          checkCancelled: () => terminal.checkCancelled(),
        }
        await runOnDevice(task, context, { used })
      } catch (thrown) {
        const error = asNagareError(thrown)
        failures.push({ input, error })
        // One bad recording costs no other one; where nothing can be written any more, or the person stopped, all end.
        if (error.code === 'cancelled' || error.code === 'disk-full') break
        continue
      }
      const seconds = (performance.now() - startedAt) / 1000
      files.push({
        input,
        output: clean,
        ...(noise ? { noise } : {}),
        seconds,
        materialSeconds,
        rtf: materialSeconds > 0 ? seconds / materialSeconds : null,
      })
    }
    if (files.length === 0 && newFolder) await rmdir(newFolder).catch(() => undefined)
    const [first] = failures
    if (first && (targets.length === 1 || first.error.code === 'cancelled')) throw first.error
    return {
      json: {
        task: 'enhance',
        pack,
        device,
        seed,
        settings,
        files,
        failed: failures.map(({ input, error }) => ({ input, error: error.message })),
      },
      text: files.map(line).join('\n'),
      ...(first ? { failure: failureOf(failures, `of ${targets.length} recordings were not cleaned`) } : {}),
    }
  },
}

interface Cleaned {
  input: string
  output: string
  noise?: string
  seconds: number
  materialSeconds: number
  rtf: number | null
}

function line({ output, seconds, materialSeconds, rtf }: Cleaned): string {
  const ratio = rtf === null || materialSeconds < 1 ? '' : ` (${rtf.toFixed(2)} × the recording's length)`
  return `${output} in ${seconds < 9.95 ? `${seconds.toFixed(1)} s` : duration(seconds)}${ratio}`
}

interface Target {
  input: string
  clean: string
  noise: string | undefined
}

/** One output per input: `out` itself for one recording, files in the folder `out` for several. No output is an input or another output. */
async function targetsFor(
  inputs: string[],
  out: string,
  noiseOut: string | undefined,
): Promise<{ targets: Target[]; newFolder?: string }> {
  const recordings = new Set(await Promise.all(inputs.map(identity)))
  const isInput = async (path: string) => {
    const there = await identity(path)
    return inputs.includes(path) || (there !== undefined && recordings.has(there))
  }
  const output = async (given: string) => {
    const path = await outputPath(soundName(given))
    if (!(await isInput(path))) return path
    throw new NagareError('conflict', `${given} is the recording itself; it is left as it is.`, {
      hint: 'Choose another name for the output.',
      file: path,
    })
  }
  if (noiseOut !== undefined && inputs.length > 1)
    throw new NagareError('bad-input', '--noise-out goes with one recording.')
  const noise = noiseOut === undefined ? undefined : await output(noiseOut)

  const folder = resolve(out)
  const there = await stat(folder).catch(() => undefined)
  const isFolder = out.endsWith(sep) || out.endsWith('/') || there?.isDirectory() === true
  if (!isFolder && inputs.length > 1)
    throw new NagareError('bad-input', `${inputs.length} recordings need a folder to go to; ${out} is none.`, {
      hint: 'End the name with /.',
    })
  if (!isFolder) {
    const clean = await output(out)
    if (noise === clean || (noise && (await identity(noise)) && (await identity(noise)) === (await identity(clean))))
      throw new NagareError('conflict', `${out} cannot hold both the speech and the noise.`, {
        hint: 'Choose another name for --noise-out.',
        file: clean,
      })
    return { targets: [{ input: inputs[0]!, clean, noise }] }
  }
  if (there && !there.isDirectory())
    throw new NagareError('bad-input', `${folder} is a file, a folder was expected.`, {
      hint: 'Choose another name for the folder.',
      file: folder,
    })
  if (!there) {
    await outputPath(folder)
    await mkdir(folder).catch((thrown: unknown) => {
      throw asNagareError(thrown, folder)
    })
  }
  const taken = new Set(noise ? [noise] : [])
  const targets: Target[] = []
  for (const input of inputs) {
    const stem = basename(input, extname(input))
    let clean = join(folder, `${stem}.wav`)
    for (let n = 0; taken.has(clean) || (await isInput(clean)); n++)
      clean = join(folder, `${stem} (clean${n ? ` ${n + 1}` : ''}).wav`)
    taken.add(clean)
    targets.push({ input, clean: await outputPath(clean), noise })
  }
  return { targets, ...(there ? {} : { newFolder: folder }) }
}
