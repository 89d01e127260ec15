import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { random } from '../../src-main/lib/random'
import { BlowConfig, VoiceFrontEnd } from '../../src-main/models/blow/config'
import { initialWeights } from '../../src-main/models/blow/weights'
import { writePack } from '../../src-main/packs'
import { wav16 } from './signals'
import { utterance } from './voices'

export interface TinyBlow {
  voices?: readonly string[]
  sampleRate?: number
  frame?: number
  channels?: number
  blocks?: number
  flows?: number
  /** Whether the voices can be heard, as made-up speakers: the first for two and a half seconds, the others for eight. */
  samples?: boolean
  /** Name on the card. */
  name?: string
}

/** Writes a Blow of random weights, small unless `options` say otherwise, whose voices sound different. */
export async function writeTinyBlow(path: string, options: TinyBlow = {}): Promise<string> {
  const {
    voices = ['Ada', 'Ben', 'Cy'],
    sampleRate = 16_000,
    frame = 1024,
    channels = 32,
    blocks = 3,
    flows = 2,
    samples = false,
    name: title = 'Tiny voices',
  } = options
  const config = BlowConfig.parse({ frame, blocks, flows, channels, embedding: 16, voices: voices.length })
  const frontEnd = VoiceFrontEnd.parse({ sampleRate })
  const draw = random(7)
  const weights = initialWeights(config, draw)
  // Fresh couplings end in zeros and treat all voices alike.
  for (const [name, { data }] of Object.entries(weights))
    if (name.endsWith('.end.weight')) draw.fillNormal(data as Float32Array, 0.05)
  const sampleOf = (i: number) => `voice-${i}.wav`
  const said = ['ada', 'ben', 'cy']
  const soundOf = (i: number) =>
    wav16(utterance(said[i % said.length]!, (i === 0 ? 2.5 : 8) * sampleRate, sampleRate, i), sampleRate)
  const speakers = {
    voices: voices.map((name, i) => ({ name, seconds: 1 + 90 * i, ...(samples ? { sample: sampleOf(i) } : {}) })),
    validation: [],
    test: [],
  }
  await mkdir(dirname(path), { recursive: true })
  const note = { data: [], command: '', seed: 7, steps: 0, seconds: null, device: null, notes: 'random weights' }
  await writePack(
    path,
    {
      ...{ kind: 'blow', name: title, description: 'Random weights, for tests.', licence: 'CC0-1.0' },
      ...{ config, frontEnd, provenance: note, metrics: [] },
    },
    weights,
    {
      'speakers.json': Buffer.from(JSON.stringify(speakers)),
      ...(samples ? Object.fromEntries(voices.map((_, i) => [sampleOf(i), soundOf(i)])) : {}),
    },
  )
  return path
}
