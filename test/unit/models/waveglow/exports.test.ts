import { spawnSync } from 'node:child_process'
import { readFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { joinSignals } from '../../../../src-main/dsp'
import { float32, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { exportPack } from '../../../../src-main/models/export-pack'
import { waveGlow } from '../../../../src-main/models/waveglow'
import { MelFrontEnd, stepsPerFrame, WaveGlowConfig } from '../../../../src-main/models/waveglow/config'
import { framesSeen } from '../../../../src-main/models/waveglow/inference-weights'
import { blankFrame, vocoderModel } from '../../../../src-main/models/waveglow/model'
import { openSynthesis } from '../../../../src-main/models/waveglow/synthesis'
import { openVocoder } from '../../../../src-main/models/waveglow/vocoder'
import { initialWeights, plainWeights } from '../../../../src-main/models/waveglow/weights'
import { openPack, writePack } from '../../../../src-main/packs'
import { tempFolder } from '../../../helpers/folder'
import { readOnnx } from '../../../helpers/onnx-reader'
import { goldenConfig, readGolden, renamed } from '../../../helpers/waveglow-golden'
import { writeTinyWaveGlow } from '../../../helpers/waveglow-pack'

const root = resolve(import.meta.dirname, '../../../..')
const tolerance = { relative: 1e-4, absolute: 1e-4 }

async function packOf(path: string, config: WaveGlowConfig, weights: NDArrays): Promise<string> {
  const provenance = { data: [], command: '', seed: 1, steps: 0, seconds: null, device: null, notes: '' }
  const frontEnd = MelFrontEnd.parse({ mels: config.mels, hop: config.hop })
  const about = { kind: 'waveglow', name: 'Vocoder', description: 'For tests.', licence: 'CC0-1.0' }
  await writePack(path, { ...about, config: { ...config }, frontEnd, provenance, metrics: [] }, weights)
  return path
}

/** A pack of random weights whose couplings do something. */
function randomPack(path: string, shape: unknown): Promise<string> {
  const config = WaveGlowConfig.parse(shape)
  const draws = random(7)
  const weights = plainWeights(config, initialWeights(config, draws))
  for (const [name, { data }] of Object.entries(weights))
    if (name.includes('.end.')) draws.fillNormal(data as Float32Array, 0.05)
  return packOf(path, config, weights)
}

const shapes: Record<string, (path: string) => Promise<string>> = {
  'conditioned by frames': writeTinyWaveGlow,
  'of the published shape': (path) =>
    randomPack(path, { mels: 8, flows: 5, early: { every: 2, size: 2 }, wn: wn({ layers: 3, channels: 16 }) }),
  'with swapped halves': (path) =>
    randomPack(path, { mels: 8, flows: 4, wn: wn({ layers: 2, channels: 8 }), swapHalves: true }),
  'with separable convolutions': (path) =>
    randomPack(path, {
      ...{ mels: 8, flows: 3, group: 128, early: { every: 2, size: 16 } },
      wn: wn({ layers: 2, channels: 16, separable: true }),
      conditioning: { kind: 'frames', channels: 12, kernel: 3 },
    }),
}
const wn = (given: object) => ({ kernel: 3, growth: 2, separable: false, ...given })

/** The pack at `path`, exported beside itself, and its graph in plain ONNX Runtime. */
async function exported(path: string) {
  const folder = `${path}.onnx`
  const pack = await openPack(path)
  await exportPack(waveGlow, pack, folder)
  const graph = join(folder, 'vocoder.onnx')
  const session = await InferenceSession.create(graph)
  return {
    model: vocoderModel(pack),
    folder,
    graph,
    async run(mel: NDArray, noise: NDArray): Promise<NDArray> {
      const { sound } = await session.run({
        mel: new Tensor('float32', mel.data as Float32Array, mel.shape),
        noise: new Tensor('float32', noise.data as Float32Array, noise.shape),
      })
      return float32([...sound!.dims], sound!.data as Float32Array)
    },
    release: () => session.release(),
  }
}

/** [rows, columns] → [columns, rows]. */
function turned(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / rows
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!)
}

describe.each(Object.entries(shapes))('a WaveGlow %s, exported', (_, write) => {
  it.each([1, 7, 40])("makes the app's own sound of %d frames in plain ONNX Runtime", async (frames) => {
    const { model, run, release } = await exported(await write(join(await tempFolder(), 'pack')))
    const { config, weights } = model
    const [steps, draws] = [frames * stepsPerFrame(config), random(frames)]
    const mel = draws.fillNormal(new Float32Array(frames * config.mels)).map((value) => value - 4)
    const noise = float32([1, config.group, steps], draws.fillNormal(new Float32Array(config.group * steps), 0.6))
    const given = float32([1, config.mels, frames], turned(mel, frames))
    const cpu = await openDevice('cpu')

    const { before, after } = framesSeen(config)
    const blank = (count: number) => new Float32Array(count * config.mels).fill(blankFrame(model))
    const synthesis = await openSynthesis(cpu, config, weights)
    const rows = Array.from({ length: config.group }, (_, c) => noise.data.slice(c * steps, (c + 1) * steps))
    const sound = await synthesis.run(rows as Float32Array[], joinSignals([blank(before), mel, blank(after)]), frames)
    await synthesis.dispose()
    expect(await run(given, noise)).toBeAllclose(float32([1, frames * config.hop], sound), tolerance)

    // Without noise the vocoder itself is the same, from the spectrogram's ends on.
    const vocoder = await openVocoder(cpu, model, { sigma: 0, denoise: 0, seed: 1 })
    const vocoded = joinSignals([await vocoder.push(mel), await vocoder.flush()])
    await vocoder.dispose()
    const silent = await run(given, float32([1, config.group, steps]))
    expect(silent).toBeAllclose(float32([1, frames * config.hop], vocoded), tolerance)
    await release()
  })
})

describe('the public implementation’s weights, exported', () => {
  it.each([0, 0.6, 1])('make its sound of its noise in plain ONNX Runtime, sigma %d', async (sigma) => {
    const io = await readGolden('io')
    const weights = plainWeights(goldenConfig, renamed(await readGolden('state')))
    const path = await packOf(join(await tempFolder(), 'pack'), goldenConfig, weights)
    const { run, release } = await exported(path)
    const half = (array: NDArray, b: number) => {
      const size = array.data.length / 2
      return (array.data as Float32Array).slice(b * size, (b + 1) * size)
    }
    for (const b of [0, 1]) {
      const mel = float32([1, 16, 8], half(io['mel']!, b))
      const noise = joinSignals([half(io['infer_z_1']!, b), half(io['infer_z_0']!, b)]).map((value) => sigma * value)
      const expected = half(io[`infer_audio_sigma_${sigma.toFixed(1)}`]!, b)
      const found = await run(mel, float32([1, 8, 256], noise))
      expect(found).toBeAllclose(float32([1, 2048], expected), tolerance)
    }
    await release()
  })
})

it('is standard ONNX with plain names', async () => {
  const { graph, release } = await exported(await writeTinyWaveGlow(join(await tempFolder(), 'pack')))
  await release()
  const model = readOnnx(await readFile(graph))
  expect(model.opsets).toEqual({ '': 18 })
  expect(model.nodes.filter(({ type, domain }) => type === 'Identity' || domain !== '')).toEqual([])
  expect(model.inputs.map(({ name }) => name)).toEqual(['mel', 'noise'])
  expect(model.outputs.map(({ name }) => name)).toEqual(['sound'])
})

it("the README's example for Node prints what the graph gives", async () => {
  const { folder, run, model, release } = await exported(await writeTinyWaveGlow(join(await tempFolder(), 'pack')))
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  await writeFile(join(folder, 'example.mjs'), /```js\n(.*?)\n```/s.exec(readme)![1]!)
  await mkdir(join(folder, 'node_modules'))
  for (const name of ['onnxruntime-node', 'onnxruntime-common'])
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  const ones = (...shape: number[]) => float32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1))
  const { mels, group, hop } = model.config
  const sound = await run(ones(1, mels, 100), ones(1, group, 100 * stepsPerFrame(model.config)))
  await release()
  const printed = stdout.match(/-?\d+(\.\d+)?(e-?\d+)?/g)!.map(Number)
  expect(printed).toBeAllclose([1, 100 * hop, sound.data[0] as number], { relative: 1e-4 })
})
