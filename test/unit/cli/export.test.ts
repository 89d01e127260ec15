import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type ProgramSpec } from '../../../src-main/compute'
import { power, readMono, stft } from '../../../src-main/dsp'
import { float32, pick } from '../../../src-main/lib/ndarray'
import { exportPack } from '../../../src-main/models/export-pack'
import { speechModel, type SpeechModel } from '../../../src-main/models/vae-nmf/model'
import { decode, encode, features, normalise } from '../../../src-main/models/vae-nmf/network'
import { startProgram } from '../../../src-main/models/vae-nmf/programs'
import { vaeNmf } from '../../../src-main/models/vae-nmf'
import { openPack, writePack } from '../../../src-main/packs'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { readOnnx } from '../../helpers/onnx-reader'
import { golden, installNagare, refusal, root, stranger, type Nagare } from './nagare'

const starter = join(root, 'resources/packs/speech-enhancer.nagare')
const written = ['README.md', 'decoder.onnx', 'encoder.onnx', 'export.json', 'pack.json']

let nagare: Nagare
let cwd: string
/** The starter pack, exported. */
let folder: string
let told: Record<string, unknown>
beforeAll(async () => {
  nagare = await installNagare()
  cwd = await mkdtemp(join(tmpdir(), 'nagare-export-'))
  folder = join(cwd, 'onnx')
  const { code, out, err } = await nagare.run(['export', 'speech-enhancer', '--onnx', 'onnx', '--json'], { cwd })
  expect([code, err]).toEqual([0, ''])
  told = JSON.parse(out) as Record<string, unknown>
}, 120_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

const read = (name: string) => readFile(join(folder, name))
const example = async (language: string) =>
  new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec((await read('README.md')).toString())![1]!

describe('the folder', () => {
  it('holds the graphs, a README, and what they are for programs', async () => {
    expect(await filesUnder(folder)).toEqual(written)
    const record = JSON.parse((await read('export.json')).toString()) as Record<string, unknown>
    expect(told).toEqual({ path: expect.stringMatching(/packs.speech-enhancer\.nagare$/), folder, ...record })
    expect(record).toMatchObject({
      format: 'nagare-onnx',
      opset: 18,
      producer: 'Nagare 1.2.3',
      pack: { kind: 'vae-nmf', name: 'Speech enhancer', licence: 'CC BY-SA 4.0' },
      graphs: [
        {
          file: 'encoder.onnx',
          inputs: [{ name: 'power', dtype: 'float32', shape: ['frames', 513], unit: 'amplitude²' }],
          outputs: [{ name: 'mean' }, { name: 'logVar', shape: ['frames', 16] }, { name: 'scale', shape: [] }],
        },
        { file: 'decoder.onnx', inputs: [{ name: 'z', shape: ['frames', 16] }], outputs: [{ name: 'variance' }] },
      ],
    })
    const { manifest } = await openPack(starter)
    expect(JSON.parse((await read('pack.json')).toString())).toEqual(manifest)
  })

  it('explains itself', async () => {
    const readme = (await read('README.md')).toString()
    for (const words of [
      '# Speech enhancer, as ONNX',
      'opset 18',
      '| input | `power` | float32 | [frames, 513] | amplitude² |',
      '| output | `variance` | float32 | [frames, 513] | mean frame energy |',
      '16000 Hz',
      'windows of 1024 samples every 256',
      'The weights: CC BY-SA 4.0.',
      'LJ Speech, public domain',
    ])
      expect(readme.replaceAll(/ +/g, ' ')).toContain(words)
    for (const language of ['python', 'js'])
      expect((await example(language)).split('\n').filter(Boolean).length).toBeLessThanOrEqual(10)
  })

  it('holds standard ONNX with plain names, weights by their names in the pack, and the card', async () => {
    const { manifest, weights, sha256 } = await openPack(starter)
    const seen: string[] = []
    for (const name of ['encoder', 'decoder']) {
      const model = readOnnx(await read(`${name}.onnx`))
      expect(model).toMatchObject({ name, producer: 'nagare', version: '1.2.3', opsets: { '': 18 } })
      expect(model.doc).toMatch(/^[A-Z].*\.$/)
      expect(model.metadata).toEqual({
        model: 'Speech enhancer',
        kind: 'vae-nmf',
        licence: 'CC BY-SA 4.0',
        pack_sha256: sha256,
        front_end: JSON.stringify(manifest.frontEnd),
      })
      expect(model.nodes.filter(({ type, domain }) => type === 'Identity' || domain !== '')).toEqual([])
      for (const node of model.nodes) expect(node.name).toMatch(/^(power|z|feature|(en|de)coder\.\w+)\/[A-Z]\w+$/)
      for (const { name: value, doc } of [...model.inputs, ...model.outputs]) {
        expect(value).toMatch(/^(power|mean|logVar|scale|z|variance)$/)
        expect(doc).toMatch(/^[\w|].{10,}/)
      }
      for (const tensor of model.tensors.filter(({ name }) => weights[name])) {
        expect([tensor.shape, tensor.bytes]).toEqual([
          weights[tensor.name]!.shape,
          weights[tensor.name]!.data.byteLength,
        ])
        seen.push(tensor.name)
      }
    }
    expect(seen.sort()).toEqual(Object.keys(weights).sort())
  })
})

describe('the graphs in plain ONNX Runtime', () => {
  let model: SpeechModel
  let spectrogram: Float32Array
  let sessions: Record<'encoder' | 'decoder', InferenceSession>
  const device = openDevice('cpu')
  beforeAll(async () => {
    model = speechModel(await openPack(starter))
    const samples = await readMono(golden('vae-nmf/ljspeech-LJ001-0001.flac'), model.frontEnd.sampleRate)
    spectrogram = power(stft(model.frontEnd).analyze(samples))
    sessions = {
      encoder: await InferenceSession.create(join(folder, 'encoder.onnx')),
      decoder: await InferenceSession.create(join(folder, 'decoder.onnx')),
    }
  })
  afterAll(() => Promise.all([sessions.encoder.release(), sessions.decoder.release()]))

  const inApp = async (spec: ProgramSpec, inputs: Record<string, ReturnType<typeof float32>>) => {
    const runner = await (await device).load(spec, { params: pick(model.weights, Object.keys(spec.params!)) })
    return runner.run(inputs).finally(() => runner.dispose())
  }
  const shaped = (tensor: Tensor) => ({ shape: tensor.dims, data: tensor.data as Float32Array })

  const cases: [string, number, (power: Float32Array) => Float32Array][] = [
    ['1 frame', 1, (x) => x],
    ['7 frames', 7, (x) => x],
    ['a window of 512 frames', 512, (x) => x],
    ['64 frames of a quiet recording', 64, (x) => x.map((value) => value * 1e-9)],
    ['64 frames of a recording of half the band', 64, (x) => x.map((value, i) => (i % 513 > 256 ? 0 : value))],
    ['20 frames of silence', 20, (x) => x.fill(0)],
  ]
  it.each(cases)("give the app's own z, log variance and spectrum for %s", async (_, frames, change) => {
    const { bins, latent } = model.config
    const given = change(spectrogram.slice(30 * bins, (30 + frames) * bins))
    const { mean, logVar, scale } = await sessions.encoder.run({ power: new Tensor('float32', given, [frames, bins]) })
    const { variance } = await sessions.decoder.run({ z: mean! })

    const normalised = normalise(given, frames, 1e-9)
    const band = new Float32Array(bins)
    for (let f = 0; f < bins; f++) {
      let sum = 0
      for (let t = 0; t < frames; t++) sum += normalised.scaled[t * bins + f]!
      band[f] = sum / frames > 2e-9 ? 1 : 0
    }
    const observed = { power: float32([frames, bins], normalised.scaled), band: float32([bins, 1], band) }
    const valid = float32([frames, 1], new Float32Array(frames).fill(1))
    const { z } = await inApp(startProgram(model.config, model.frontEnd, frames), { ...observed, valid })
    const shapes = Object.fromEntries(Object.entries(model.weights).map(([name, { shape }]) => [name, shape]))
    const rest = await inApp(
      {
        name: 'log variance and spectrum',
        params: shapes,
        inputs: { power: [frames, bins], band: [bins, 1], z: [frames, latent] },
        run: ({ params, inputs }) => {
          const x = features(model.config, params, tf.maximum(inputs['power'] as tf.Tensor2D, model.frontEnd.floor))
          const { logVar } = encode(params, tf.mul(x, tf.transpose(inputs['band']!)))
          return { outputs: { logVar, variance: tf.exp(decode(params, inputs['z'] as tf.Tensor2D)) } }
        },
      },
      { ...observed, z: z as ReturnType<typeof float32> },
    )
    expect(shaped(mean!)).toBeAllclose(z!, { relative: 1e-5, absolute: 1e-5 })
    expect(shaped(logVar!)).toBeAllclose(rest['logVar']!, { relative: 1e-5, absolute: 1e-5 })
    expect(shaped(variance!)).toBeAllclose(rest['variance']!, { relative: 1e-5, absolute: 1e-12 })
    expect(Number(scale!.data[0])).toBeCloseTo(normalised.scale, 5 - Math.ceil(Math.log10(normalised.scale || 1)))
  })
})

describe("the README's examples", () => {
  /** Shape and first number that the examples print, from this process. */
  const expected = async () => {
    const [encoder, decoder] = [
      await InferenceSession.create(join(folder, 'encoder.onnx')),
      await InferenceSession.create(join(folder, 'decoder.onnx')),
    ]
    const ones = new Tensor('float32', new Float32Array(100 * 513).fill(1), [100, 513])
    const { mean } = await encoder.run({ power: ones })
    const { variance } = await decoder.run({ z: mean! })
    return [...variance!.dims, Number(variance!.data[0])]
  }
  const numbers = (printed: string) => printed.match(/-?\d+(\.\d+)?(e-?\d+)?/g)!.map(Number)

  it('runs in Node as printed', async () => {
    const place = await tempFolder()
    for (const name of ['encoder.onnx', 'decoder.onnx']) await writeFile(join(place, name), await read(name))
    await mkdir(join(place, 'node_modules'))
    for (const name of ['onnxruntime-node', 'onnxruntime-common'])
      await symlink(join(root, 'node_modules', name), join(place, 'node_modules', name), 'junction')
    await writeFile(join(place, 'example.mjs'), await example('js'))
    const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: place, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    expect(numbers(stdout)).toBeAllclose(await expected(), { relative: 1e-4 })
  })

  const python = process.platform === 'win32' ? 'python' : 'python3'
  const has = (code: string) => spawnSync(python, ['-c', code]).status === 0

  it('is Python', async ({ skip }) => {
    if (!has('')) skip('there is no Python here')
    const place = await tempFolder()
    await writeFile(join(place, 'example.py'), await example('python'))
    const { status, stderr } = spawnSync(python, ['-m', 'py_compile', 'example.py'], { cwd: place, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('runs in Python as printed', async ({ skip }) => {
    if (!has('import onnxruntime, numpy')) skip('Python has no onnxruntime here')
    const { status, stdout, stderr } = spawnSync(python, ['-c', await example('python')], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    expect(numbers(stdout)).toBeAllclose(await expected(), { relative: 1e-4 })
  })

  it('is what the onnx package calls a valid model', async ({ skip }) => {
    if (!has('import onnx')) skip('Python has no onnx here')
    const check = 'import onnx, sys\nfor f in sys.argv[1:]: onnx.checker.check_model(f, full_check=True)'
    const args = ['-c', check, join(folder, 'encoder.onnx'), join(folder, 'decoder.onnx')]
    expect(spawnSync(python, args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('export', () => {
  const run = (...args: string[]) => nagare.run(['export', ...args], { cwd })

  it('tells people what it wrote, by path as by name', async () => {
    expect(await run(starter, '--onnx', 'told')).toEqual({
      code: 0,
      signal: null,
      err: '',
      out: [
        `Exported Speech enhancer to ${join(cwd, 'told')} (ONNX, opset 18):`,
        '  encoder.onnx  power [frames, 513] → mean [frames, 16], logVar [frames, 16], scale []',
        '  decoder.onnx  z [frames, 16] → variance [frames, 513]',
        '',
      ].join('\n'),
    })
    expect(await filesUnder(join(cwd, 'told'))).toEqual(written)
  })

  it('exports a pack whose encoder sees plain power', async () => {
    const published = golden('vae-nmf/sekiguchi_vae_wsj0_D16.npz')
    expect(await nagare.run(['import', published, '--as', 'vae-nmf', '-o', 'wsj0.nagare'], { cwd })).toMatchObject({
      code: 0,
    })
    expect(await run('wsj0.nagare', '--onnx', 'wsj0')).toMatchObject({ code: 0, err: '' })
    expect(readOnnx(await readFile(join(cwd, 'wsj0/encoder.onnx'))).nodes.map(({ type }) => type)).not.toContain('Log')
  })

  it('replaces what an earlier export left, and nothing else', async () => {
    const place = join(cwd, 'again')
    expect(await run(starter, '--onnx', place)).toMatchObject({ code: 0 })
    const card = JSON.parse(await readFile(join(place, 'export.json'), 'utf8')) as { files: string[] }
    card.files.push('flow.onnx')
    await writeFile(join(place, 'export.json'), JSON.stringify(card))
    await writeFile(join(place, 'flow.onnx'), 'of an earlier pack')
    await writeFile(join(place, 'encoder.onnx'), 'old')
    await writeFile(join(place, 'mine.py'), 'print()')
    expect(await run(starter, '--onnx', place)).toMatchObject({ code: 0, err: '' })
    expect(await filesUnder(place)).toEqual([...written, 'mine.py'].sort())
    expect(await readFile(join(place, 'encoder.onnx'))).toEqual(await read('encoder.onnx'))
    expect(await readFile(join(place, 'mine.py'), 'utf8')).toBe('print()')
  })

  it('leaves files alone that are not its own', async () => {
    const place = join(cwd, 'foreign')
    await mkdir(place)
    await writeFile(join(place, 'README.md'), 'mine')
    expect(await run(starter, '--onnx', place)).toEqual(refusal(1, 'README.md', 'not from an export', 'another folder'))
    expect(await filesUnder(place)).toEqual(['README.md'])
    expect(await readFile(join(place, 'README.md'), 'utf8')).toBe('mine')
  })

  it.each<[string, string[], number, string[]]>([
    ['no pack', ['--onnx', 'x'], 2, ['needs a model pack', 'Usage: nagare export']],
    ['no folder', [starter], 2, ['--onnx is missing', 'Usage: nagare export']],
    ['an unknown pack', ['nothing', '--onnx', 'x'], 1, ['no model nothing', 'nagare models list']],
    ['what is no pack', ['text.txt', '--onnx', 'x'], 1, ['text.txt', '.nagare']],
    ['a kind that is not known', ['gan.nagare', '--onnx', 'x'], 2, ['no kind of model gan', 'vae-nmf']],
    ['a pack whose weights do not fit', ['thin.nagare', '--onnx', 'x'], 1, ['thin.nagare', 'decoder.hidden.bias']],
    ['a file for a folder', [starter, '--onnx', 'text.txt'], 2, ['text.txt', 'a folder was expected']],
    ['a folder in none', [starter, '--onnx', 'no/such'], 1, ['there is no folder']],
    ['two packs', [starter, starter, '--onnx', 'x'], 2, ['no use for']],
  ])('refuses %s and writes nothing', async (_, args, code, words) => {
    await writeFile(join(cwd, 'text.txt'), 'text')
    const { manifest, weights } = await openPack(starter)
    await writePack(join(cwd, 'gan.nagare'), { ...manifest, kind: 'gan' }, weights)
    const { 'decoder.hidden.bias': _bias, ...thin } = weights
    await writePack(join(cwd, 'thin.nagare'), manifest, thin)
    const before = await filesUnder(cwd)
    expect(await run(...args)).toEqual(refusal(code, ...words))
    expect(await filesUnder(cwd)).toEqual(before)
  })

  it('leaves a folder as it was when a file cannot be finished', async ({ skip }) => {
    // A limit on the size of files ends a write half-way, as a full disk does.
    if (process.platform === 'win32') skip('needs a shell')
    for (const name of ['full', 'new']) {
      if (name === 'full') await mkdir(join(cwd, name))
      const limited = spawnSync(
        'bash',
        [
          '-c',
          `trap '' XFSZ; ulimit -f 100; "$0" "$@"`,
          process.execPath,
          nagare.file,
          'export',
          starter,
          '--onnx',
          name,
        ],
        { cwd, encoding: 'utf8', env: { ...process.env, NAGARE_HOME: join(cwd, '.home') } },
      )
      expect([limited.status, limited.stdout]).toEqual([1, ''])
      expect(limited.stderr).toMatch(/^nagare: [^\n]+\n$/)
    }
    expect(await readdir(join(cwd, 'full'))).toEqual([])
    expect((await readdir(cwd)).filter((name) => name === 'new' || name.endsWith('.part'))).toEqual([])
  })

  it('says which folder may not be written to', async ({ skip }) => {
    const uid = stranger ?? skip('needs root, to become somebody else')
    const place = await tempFolder()
    await chmod(place, 0o755)
    const ended = await nagare.run(['export', starter, '--onnx', join(place, 'x')], { cwd: place, uid })
    expect(ended).toEqual(refusal(1, join(place, 'x'), 'it may not be'))
    expect(existsSync(join(place, 'x'))).toBe(false)
  })

  it('says that a kind has no networks to give away', async () => {
    const { exports: _exports, ...family } = vaeNmf
    const target = join(cwd, 'none')
    await expect(exportPack(family, await openPack(starter), target)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'A vae-nmf model has no networks that ONNX could hold.',
    })
    expect(existsSync(target)).toBe(false)
  })
})
