import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { asNagareError, NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import {
  longestVoiceName,
  plainValue,
  readTorchFile,
  stateDict,
  twinVoice,
  type PackCard,
  type StateDict,
} from '../../packs'
import { faultOf } from './check-weights'
import { BlowConfig, VoiceFrontEnd } from './config'
import { fromPublicNames } from './import-weights'
import { affineWeights } from './inference-weights'
import type { Voices } from './voices'

/** What the public training script's arguments say of the model; the rest is how it was trained. */
const Arguments = z.object({ lchunk: z.int().positive().optional(), sr: z.number().positive().optional() })

/** A list of the speakers' names, in the order of their numbers. */
const Names = z.object({ speakers: z.array(z.string().min(1).max(longestVoiceName)).min(1) })

/** Buffers of the public code that its other tensors imply. */
const implied = /\.mixer\.(u_mask|l_mask|l_eye)$/

/**
 * Imports a checkpoint of the public Blow (Serrà et al., 2019): a whole module or a state dict. Its sizes come from the weights; `args`, the run's
 * arguments that were saved beside it, gives the frame and the rate, else the published 4096 samples at 16 kHz hold; `rate` (Hz) goes before both.
 * The file does not name its speakers: `config`, a JSON file `{"speakers": [...]}`, may, else they are numbered. Nothing in the files is executed.
 * Throws `bad-input`, `unsupported` or `corrupt`, naming what is wrong.
 */
export async function importBlow(
  file: string,
  { config, args, rate }: { config?: string | undefined; args?: string | undefined; rate?: number | undefined },
): Promise<{ card: PackCard; weights: NDArrays; files: Record<string, Uint8Array> }> {
  const given = args === undefined ? {} : await readArguments(args)
  const torch = await readTorchFile(file)
  try {
    const { tensors } = stateDict(torch)
    const sizes = sizesOf(file, tensors, given.lchunk ?? 4096)
    const names = config === undefined ? undefined : await readNames(config)
    if (names && names.length !== sizes.voices)
      throw new NagareError('bad-input', `${config} names ${names.length} speakers; the model knows ${sizes.voices}.`, {
        file: config!,
      })
    const state: NDArrays = {}
    for (const [name, tensor] of tensors) if (!implied.test(name)) state[name] = await torch.read(tensor)
    const weights = fromPublicNames(sizes, state)
    checkWeights(file, sizes, weights)
    const assumed = [
      given.lchunk === undefined ? 'frames of 4096 samples' : '',
      rate === undefined && given.sr === undefined ? '16 000 Hz' : '',
    ].filter(Boolean)
    const voices: Voices = {
      voices: Array.from({ length: sizes.voices }, (_, i) => ({ name: names?.[i] ?? `Speaker ${i + 1}`, seconds: 0 })),
      validation: [],
      test: [],
    }
    const card: PackCard = {
      kind: 'blow',
      name: 'Imported Blow',
      description: 'A Blow voice converter imported from a PyTorch checkpoint.',
      licence: 'As the imported checkpoint',
      config: { ...sizes },
      frontEnd: frontEndOf(file, rate ?? given.sr ?? 16_000),
      provenance: {
        data: [],
        command: 'nagare import FILE --as blow -o PACK',
        seed: null,
        steps: null,
        seconds: null,
        device: null,
        notes: [
          'Weights made elsewhere.',
          assumed.length > 0 ? `The file does not say so; ${assumed.join(' and ')} are assumed.` : '',
          names ? '' : 'The speakers are not named in the file; they are numbered.',
        ]
          .filter(Boolean)
          .join(' '),
      },
      metrics: [],
    }
    return { card, weights, files: { 'speakers.json': Buffer.from(JSON.stringify(voices, null, 2) + '\n') } }
  } finally {
    await torch.close()
  }
}

/** Throws `corrupt` unless the network can convert with these weights. */
function checkWeights(file: string, sizes: BlowConfig, weights: NDArrays): void {
  const bad = (why: string, cause?: unknown) =>
    new NagareError('corrupt', `${file}: ${why}.`, {
      file,
      hint: 'The model diverged in training; take an earlier checkpoint.',
      cause,
    })
  const fault = faultOf(sizes, weights)
  if (fault !== undefined) throw bad(fault)
  try {
    affineWeights(sizes, weights)
  } catch (thrown) {
    throw bad('one of its mixings has no inverse', thrown)
  }
}

function frontEndOf(file: string, sampleRate: number): VoiceFrontEnd {
  const parsed = VoiceFrontEnd.safeParse({ sampleRate })
  if (parsed.success) return parsed.data
  throw new NagareError(
    'bad-input',
    `A Blow's sample rate is a whole number from 4000 to 192 000 Hz, found ${sampleRate}.`,
    { file, hint: 'Give the rate that the model was trained at: --rate HZ.' },
  )
}

/** The network's sizes by the shapes of its tensors. */
function sizesOf(file: string, tensors: StateDict['tensors'], frame: number): BlowConfig {
  const shapeOf = (name: string): readonly number[] => {
    const found = tensors.get(name)
    if (found) return found.shape
    throw new NagareError('bad-input', `${file} is no Blow: it lacks ${name}.`, {
      file,
      hint: 'Choose the X.model.pt of a run of the public Blow.',
    })
  }
  const first = 'blocks.0.flows.0'
  const end = shapeOf(`${first}.coupling.net.net.3.weight`)
  const [voices = 0, embedding = 0] = shapeOf('embedding.weight')
  const numbers = (pattern: RegExp) => [...tensors.keys()].map((name) => Number(pattern.exec(name)?.[1] ?? -1))
  const parsed = BlowConfig.safeParse({
    frame,
    squeeze: shapeOf(`${first}.mixer.w_s`)[0],
    blocks: 1 + numbers(/^blocks\.(\d+)\./).reduce((most, n) => Math.max(most, n), -1),
    flows: 1 + numbers(/^blocks\.0\.flows\.(\d+)\./).reduce((most, n) => Math.max(most, n), -1),
    channels: end[1],
    kernel: end[2],
    embedding,
    voices,
  })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `${file} is no Blow that Nagare knows: ${[...path, message].join(': ')}.`, {
    file,
    hint: 'Give the arguments of the run with --args X.args.pt where its frames are not of 4096 samples.',
  })
}

async function readArguments(path: string): Promise<z.infer<typeof Arguments>> {
  const torch = await readTorchFile(path)
  try {
    const parsed = Arguments.safeParse(plainValue(torch))
    if (parsed.success) return parsed.data
    throw new NagareError('bad-input', `${path} holds no arguments of a Blow: ${parsed.error.issues[0]!.message}.`, {
      file: path,
    })
  } finally {
    await torch.close()
  }
}

async function readNames(path: string): Promise<string[]> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw asNagareError(thrown, path)
    throw new NagareError('bad-input', `${path} is no JSON: ${thrown.message}.`, { file: path })
  }
  const parsed = Names.safeParse(json)
  if (parsed.success) {
    const { speakers } = parsed.data
    const twin = twinVoice(speakers)
    if (twin === undefined) return speakers
    throw new NagareError('bad-input', `${path} names two speakers ${twin}, case and spaces aside.`, {
      file: path,
      hint: 'Give each a name of its own.',
    })
  }
  throw new NagareError('bad-input', `${path} does not name the speakers; expected {"speakers": ["…", …]}.`, {
    file: path,
  })
}
