import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readPicture, surfaceAreas, surfaceSet, writePng, type SurfaceOptions } from '../image'
import { writeAside } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { commonOptions, needed, number, seedOf, text, type Command, type Terminal } from './command'
import { inputFile, outputFolder } from './outputs'

const usage = 'nagare surfaces PICTURE… -o DIR [--size PIXELS] [--train N] [--validation N] [--normals N] [--defects N]'

const defaults = { size: 128, train: 200, validation: 100, normals: 40, defects: 60 }

export const surfaces: Command = {
  name: 'surfaces',
  usage,
  summary: 'Make a test set with painted defects from pictures of surfaces',
  help: {
    'PICTURE…': 'pictures of sound surfaces, each a kind of its own; test pieces come from their lower 40 %',
    '-o, --out DIR': "a new folder in MVTec's layout: train/good, validation/good, test/…, ground_truth/…",
    '--size PIXELS': `side of the square pieces (${defaults.size})`,
    '--train N': `pieces to train on, of each picture (${defaults.train})`,
    '--validation N': `pieces held out to find the threshold by, from a strip that training pieces leave alone (${defaults.validation}; 0 for none)`,
    '--normals N': `normal pieces to test with (${defaults.normals})`,
    '--defects N': `pieces with a painted scratch, blob, cut-paste or fading (${defaults.defects})`,
  },
  options: {
    ...commonOptions,
    out: { type: 'string', short: 'o' },
    size: { type: 'string' },
    train: { type: 'string' },
    validation: { type: 'string' },
    normals: { type: 'string' },
    defects: { type: 'string' },
  },
  async run({ values, positionals }, terminal) {
    if (positionals.length === 0)
      throw new NagareError('bad-input', 'surfaces needs a picture.', { hint: `Usage: ${usage}` })
    const whole = (name: keyof typeof defaults, min: number, max: number) =>
      number(values, name, { min, max, integer: true }) ?? defaults[name]
    const options: SurfaceOptions = {
      ...{ size: whole('size', 16, 2048), train: whole('train', 20, 100_000) },
      validation: whole('validation', 0, 100_000),
      ...{ normals: whole('normals', 1, 100_000), defects: whole('defects', 1, 100_000), seed: seedOf(values) },
    }
    const out = await outputFolder(needed(values, 'out', usage))
    if ((await readdir(out).catch(() => [])).length > 0)
      throw new NagareError('conflict', `${text(values, 'out')} is there and not empty; it is left as it is.`, {
        hint: 'Choose another name.',
        file: out,
      })
    const inputs: string[] = []
    for (const given of positionals) inputs.push(await inputFile(given))
    let pictures = 0
    await writeAside(out, async (part) => {
      for (const [i, input] of inputs.entries()) {
        const step = { input: basename(input), done: i, total: inputs.length }
        pictures += await writeSet(part, input, { ...options, seed: options.seed + i }, terminal, step)
      }
    })
    return {
      json: { out, pictures, ...options },
      text: `${pictures} pictures in ${out}; all defects are painted, and named synthetic.`,
    }
  },
}

/** Writes the pieces of one picture into a set in MVTec's layout, and returns how many there are. */
async function writeSet(
  folder: string,
  input: string,
  options: SurfaceOptions,
  terminal: Terminal,
  step: { input: string; done: number; total: number },
): Promise<number> {
  const texture = await readPicture(input)
  const { width, height } = texture
  const { size } = options
  const validated = options.validation > 0
  if (!surfaceAreas(texture, size, validated))
    throw new NagareError(
      'bad-input',
      `${input}: expected a picture at least ${validated ? 2 * size : size} pixels wide and ${Math.ceil(size / 0.4)} high, found ${width} × ${height}.`,
      { hint: validated ? 'Choose a smaller --size, or --validation 0.' : 'Choose a smaller --size.', file: input },
    )
  const { train, validation, test } = surfaceSet(texture, options)
  const name = (i: number) => `${stem(basename(input))}-${String(i).padStart(4, '0')}`
  const tell = () => {
    terminal.checkCancelled()
    terminal.progress({ phase: `Cutting ${step.input}`, done: step.done, total: step.total })
  }
  const into = async (inner: string) => {
    const path = join(folder, inner)
    await mkdir(path, { recursive: true })
    return path
  }
  for (const [part, pieces] of [
    ['train/good', train],
    ['validation/good', validation],
  ] as const)
    for (const [i, piece] of pieces.entries()) {
      tell()
      await writePng(join(await into(part), `${name(i)}.png`), piece)
    }
  for (const [i, { picture, defect, mask }] of test.entries()) {
    tell()
    const kind = defect?.replaceAll(' ', '-') ?? 'good'
    await writePng(join(await into(`test/${kind}`), `${name(i)}.png`), picture)
    if (!mask) continue
    const marks = Float32Array.from(mask.data, (value) => (value > 0 ? 1 : 0))
    const file = join(await into(`ground_truth/${kind}`), `${name(i)}_mask.png`)
    await writePng(file, { width: mask.width, height: mask.height, channels: 1, depth: 8, data: marks })
  }
  return train.length + validation.length + test.length
}
