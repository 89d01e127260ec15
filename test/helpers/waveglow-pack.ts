import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { random } from '../../src-main/lib/random'
import { MelFrontEnd, WaveGlowConfig } from '../../src-main/models/waveglow/config'
import { initialWeights, plainWeights } from '../../src-main/models/waveglow/weights'
import { writePack } from '../../src-main/packs'

export const tinyFrontEnd = MelFrontEnd.parse({ sampleRate: 8000, fft: 256, hop: 64, mels: 16, fmax: 4000 })

/**
 * Writes a WaveGlow of a few thousand random weights, one whose sound depends on the mel spectrogram; `frontEnd` says what that is.
 * `gain` scales the sound.
 */
export async function writeTinyWaveGlow(
  path: string,
  { frontEnd = tinyFrontEnd, gain = 0.3 }: { frontEnd?: MelFrontEnd; gain?: number } = {},
): Promise<string> {
  const config = WaveGlowConfig.parse({
    mels: frontEnd.mels,
    hop: frontEnd.hop,
    flows: 4,
    group: 16,
    early: { every: 2, size: 4 },
    wn: { layers: 2, channels: 8, kernel: 3 },
    conditioning: { kind: 'frames', channels: 8, kernel: 3 },
  })
  const draw = random(5)
  const weights = plainWeights(config, initialWeights(config, draw))
  for (const [name, { data }] of Object.entries(weights)) {
    if (name.endsWith('.end.weight')) draw.fillNormal(data as Float32Array, 0.1)
    // What mixes the samples last when sound is made, first when it is encoded.
    if (name === 'flows.0.mix') data.forEach((value, i) => (data[i] = value / gain))
  }
  await mkdir(dirname(path), { recursive: true })
  const note = { data: [], command: '', seed: 5, steps: 0, seconds: null, device: null, notes: 'random weights' }
  await writePack(
    path,
    {
      ...{ kind: 'waveglow', name: 'Tiny vocoder', description: 'Random weights, for tests.', licence: 'CC0-1.0' },
      ...{ config, frontEnd, provenance: note, metrics: [] },
    },
    weights,
  )
  return path
}

/** The bytes of a `.npy` file of float32 numbers. */
export function npyBytes(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = Buffer.from(text.padEnd(117) + '\n', 'latin1')
  const lead = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0])
  const body = Buffer.alloc(4 * data.length)
  for (let i = 0; i < data.length; i++) body.writeFloatLE(data[i]!, 4 * i)
  return Buffer.concat([lead, header, body])
}
