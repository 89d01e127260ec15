import { mkdir, stat } from 'node:fs/promises'
import { basename, extname, join, resolve, sep } from 'node:path'
import { NagareError } from '../lib/errors'
import { enhance as task } from '../tasks/enhance'
import { commonOptions, needed, number, seedOf, text, type Command } from './command'
import { findPackOfKind } from './places'
import { duration } from './terminal'

const usage = 'nagare enhance IN… -o OUT [--model PACK] [--strength 0..1] [--iterations N] [--noise-out FILE]'

export const enhance: Command = {
  name: 'enhance',
  usage,
  summary: 'Clean noisy recordings of speech',
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    model: { type: 'string' },
    strength: { type: 'string' },
    iterations: { type: 'string' },
    'noise-out': { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    const inputs = positionals.map((path) => resolve(path))
    if (inputs.length === 0)
      throw new NagareError('bad-input', 'enhance needs a recording.', { hint: `Usage: ${usage}` })
    const out = needed(values, 'out', usage)
    const noiseOut = text(values, 'noise-out')
    const strength = number(values, 'strength', { min: 0, max: 1 })
    const iterations = number(values, 'iterations', { min: 1, max: 1000, integer: true })
    const pack = await findPackOfKind('vae-nmf', text(values, 'model'))
    const targets = await targetsFor(inputs, out, noiseOut)
    const settings = task.settings.parse({
      ...(strength === undefined ? {} : { strength }),
      ...(iterations === undefined ? {} : { iterations }),
    })
    const seed = seedOf(values)
    const device = text(values, 'device') ?? 'cpu'
    const files: Record<string, unknown>[] = []
    for (const [i, { input, clean, noise }] of targets.entries()) {
      const startedAt = performance.now()
      let materialSeconds = 0
      await task.run({
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
      })
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
    const lines = files.map(
      ({ output, seconds, rtf }) =>
        `${String(output)} in ${duration(Number(seconds))}${rtf === null ? '' : ` (${Number(rtf).toFixed(2)} × the recording's length)`}`,
    )
    return { json: { task: 'enhance', pack, device, seed, settings, files }, text: lines.join('\n') }
  },
}

interface Target {
  input: string
  clean: string
  noise: string | undefined
}

/** One output per input: `out` itself for one recording, files in the folder `out` for several. */
async function targetsFor(inputs: string[], out: string, noiseOut: string | undefined): Promise<Target[]> {
  const isFolder =
    out.endsWith(sep) ||
    out.endsWith('/') ||
    (await stat(out).then(
      (found) => found.isDirectory(),
      () => false,
    ))
  if (!isFolder && inputs.length > 1)
    throw new NagareError('bad-input', `${inputs.length} recordings need a folder to go to; ${out} is none.`, {
      hint: 'End the name with /.',
    })
  if (!isFolder) {
    const target = resolve(out)
    if (inputs.includes(target))
      throw new NagareError('conflict', `${out} is the recording itself; it is left as it is.`, {
        hint: 'Choose another name for the output.',
      })
    return [{ input: inputs[0]!, clean: target, noise: noiseOut === undefined ? undefined : resolve(noiseOut) }]
  }
  if (noiseOut !== undefined && inputs.length > 1)
    throw new NagareError('bad-input', '--noise-out goes with one recording.')
  await mkdir(out, { recursive: true })
  const taken = new Set(inputs)
  return inputs.map((input) => {
    const stem = basename(input, extname(input))
    let clean = resolve(join(out, `${stem}.wav`))
    for (let n = 0; taken.has(clean); n++) clean = resolve(join(out, `${stem} (clean${n ? ` ${n + 1}` : ''}).wav`))
    taken.add(clean)
    return { input, clean, noise: noiseOut === undefined ? undefined : resolve(noiseOut) }
  })
}
