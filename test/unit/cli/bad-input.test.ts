import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { openPack, writePack } from '../../../src-main/packs'
import { writeContainer } from '../../../src-main/packs/container'
import { writeTinyBlow } from '../../helpers/blow-pack'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, formatBody, int16Bytes, riffChunk, wav16, wavFile } from '../../helpers/signals'
import { installNagare, refusal, root, stranger, wavFloat, type Nagare } from './nagare'

const speech = babble(32_000, 16_000)
const starter = join(root, 'resources/packs/speech-enhancer.nagare')
const withNaN = speech.slice()
withNaN[20_000] = NaN

let nagare: Nagare
let cwd: string
beforeAll(async () => {
  nagare = await installNagare()
  cwd = await mkdtemp(join(tmpdir(), 'nagare-bad-'))
  await writeFile(join(cwd, 'good.wav'), wav16(speech))
  await mkdir(join(cwd, 'folder.wav'))
  await writeTinyBlow(join(cwd, 'voices'), { frame: 256 })
}, 60_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

describe('recordings', () => {
  const recordings: [string, Buffer | string | undefined, number, string[]][] = [
    ['empty.wav', '', 2, ['file is empty', 'again']],
    ['text.wav', 'Hello, this is a letter.', 2, ['found text', 'Hello']],
    ['cut.wav', wavFloat([speech]).subarray(0, 60_000), 1, ['cut short', '128000', 'again']],
    ['header.wav', wavFloat([speech]).subarray(0, 30), 1, ['format chunk', 'again']],
    ['huge.wav', wavFloat([speech], 16_000, 0xfffffff0), 1, ['4294967280 bytes', 'cut short']],
    [
      'none.wav',
      wavFile([riffChunk('fmt ', formatBody({ channels: 0, blockAlign: 2 })), riffChunk('data', int16Bytes(speech))]),
      2,
      ['one channel', 'says 0'],
    ],
    ['samples.wav', wavFloat([new Float32Array(0)]), 2, ['no samples']],
    ['nan.wav', wavFloat([withNaN]), 2, ['NaN at sample 20000', '1.250 s']],
    ['folder.wav', undefined, 2, ['found a folder']],
    ['gone.wav', undefined, 1, ['no such file', 'Check the name']],
  ]
  it.concurrent.each(recordings)('%s', async (name, bytes, code, words) => {
    if (bytes !== undefined) await writeFile(join(cwd, name), bytes)
    const out = `out-${name}`
    await mkdir(join(cwd, out))
    const enhance = ['enhance', name, '-o', join(out, 'clean.wav'), '--noise-out', join(out, 'noise.wav')]
    const convert = ['convert', name, '-o', join(out, 'other.wav'), '--to', 'Ben', '--model', 'voices']
    for (const args of [[...enhance, '--iterations', '1', '--json'], convert])
      expect(await nagare.run(args, { cwd })).toEqual(refusal(code, join(cwd, name), ...words))
    expect(await readdir(join(cwd, out))).toEqual([])
  })

  it('do not leave a new folder behind', async () => {
    const ended = await nagare.run(['enhance', 'gone.wav', '-o', 'fresh/'], { cwd })
    expect(ended).toEqual(refusal(1, 'gone.wav'))
    expect(await readdir(cwd)).not.toContain('fresh')
  })
})

describe('models', () => {
  /** The starter pack as a folder and as a zip, with one bit of a weight turned over. */
  async function damaged(): Promise<string[]> {
    const { manifest, weights } = await openPack(starter)
    const folder = join(cwd, 'damaged')
    const zip = join(cwd, 'damaged.nagare')
    await writePack(folder, manifest, weights)
    const bytes = await readFile(join(folder, 'weights.safetensors'))
    bytes[bytes.length - 8]! ^= 1
    await writeFile(join(folder, 'weights.safetensors'), bytes)
    const names = ['pack.json', 'weights.safetensors']
    const files = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const))
    await writeContainer(zip, new Map(files), true)
    return [folder, zip]
  }

  it('with a wrong hash are refused, as a folder and as a file', async () => {
    for (const pack of await damaged())
      expect(await nagare.run(['enhance', 'good.wav', '-o', 'clean.wav', '--model', pack], { cwd })).toEqual(
        refusal(1, pack, 'weights.safetensors', 'sha256 differs', 'Get it again'),
      )
    expect(await readdir(cwd)).not.toContain('clean.wav')
  })

  it.concurrent.each<[string, number, string[]]>([
    ['unheard-of', 1, ['no model unheard-of', 'nagare models list']],
    ['good.wav', 1, ['good.wav', 'Choose a .nagare file']],
    ['folder.wav', 2, ['folder.wav', 'no pack.json']],
  ])('%s is none', async (model, code, words) => {
    expect(await nagare.run(['enhance', 'good.wav', '-o', 'clean.wav', '--model', model], { cwd })).toEqual(
      refusal(code, ...words),
    )
  })
})

describe('outputs', () => {
  it.each<[string, number, string[]]>([
    ['nowhere/clean.wav', 1, ['no folder', 'nowhere']],
    ['good.wav/clean.wav', 2, ['good.wav is a file', 'folder was expected']],
    ['good.wav/', 2, ['good.wav is a file', 'folder was expected']],
    ['clean.mp3', 1, ['clean.mp3', 'WAV and FLAC are written']],
  ])('%s', async (out, code, words) => {
    const before = await filesUnder(cwd)
    expect(await nagare.run(['enhance', 'good.wav', '-o', out], { cwd })).toEqual(refusal(code, ...words))
    expect(await filesUnder(cwd)).toEqual(before)
  })

  it.each([
    ['train', 'vae-nmf', '--data', '.'],
    ['import', 'good.wav', '--as', 'vae-nmf'],
  ])('of %s are checked before the work', async (...args) => {
    const refusals: [string, ...string[]][] = [
      ['nowhere/p.nagare', 'no folder'],
      ['good.wav', 'no model pack', 'left as it is'],
      ['folder.wav', 'no model pack', 'left as it is'],
    ]
    for (const [out, ...words] of refusals)
      expect(await nagare.run([...args, '-o', out], { cwd })).toEqual(refusal(1, out, ...words))
  })
})

/** Where permissions do not bind this account, another one runs the command; it must be able to read the build. */
async function asPlainPerson({ skip }: TestContext): Promise<{ folder: string; uid?: number }> {
  if (process.platform === 'win32') skip('Windows keeps permissions otherwise')
  const folder = await tempFolder()
  if (stranger === undefined) return { folder }
  await chmod(folder, 0o777)
  const probe = await nagare.run(['--version'], { cwd: folder, uid: stranger }).catch(() => undefined)
  if (probe?.code !== 0) skip('root has all permissions, and another account cannot read this checkout')
  return { folder, uid: stranger }
}

describe('permissions', () => {
  it('an unreadable recording is named', async (context) => {
    const { folder, ...who } = await asPlainPerson(context)
    await copyFile(join(cwd, 'good.wav'), join(folder, 'secret.wav'))
    await chmod(join(folder, 'secret.wav'), 0)
    const ended = await nagare.run(['enhance', 'secret.wav', '-o', 'clean.wav'], { cwd: folder, ...who })
    expect(ended).toEqual(refusal(1, join(folder, 'secret.wav'), 'may not be read', 'permissions'))
    expect(await filesUnder(folder)).toEqual(['secret.wav'])
  })

  it('a folder that may not be written to is named', async (context) => {
    const { folder, ...who } = await asPlainPerson(context)
    await copyFile(join(cwd, 'good.wav'), join(folder, 'good.wav'))
    await mkdir(join(folder, 'closed'))
    await chmod(join(folder, 'closed'), 0o555)
    for (const out of ['closed/clean.wav', 'closed/new/'])
      expect(await nagare.run(['enhance', 'good.wav', '-o', out], { cwd: folder, ...who })).toEqual(
        refusal(1, join(folder, 'closed'), 'may not be', 'another place'),
      )
    expect(await filesUnder(folder)).toEqual(['good.wav'])
  })
})

describe('a full disk', () => {
  /** Runs `script` where `full/` is a disk of 64 kB that goes with the process. */
  function onSmallDisk(folder: string, script: string, args: string[]) {
    const own = stranger === undefined ? ['--map-root-user', '--mount'] : ['--mount']
    const mounted = `mount -t tmpfs -o size=64k tmpfs full || exit 99; ${script}`
    return spawnSync('unshare', [...own, 'sh', '-c', mounted, ...args], { cwd: folder, encoding: 'utf8' })
  }

  it.for([
    ['enhance', '--iterations 1'],
    ['convert', '--to Ben --model voices'],
  ])('is told by %s in one line and left empty', async ([name, options], { skip }) => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'full'))
    if (onSmallDisk(folder, 'true', []).status !== 0) skip('a small disk cannot be mounted here')
    await copyFile(join(cwd, 'good.wav'), join(folder, 'good.wav'))
    await writeTinyBlow(join(folder, 'voices'), { frame: 256 })
    const command = `"$0" "$1" ${name} good.wav -o full/clean.wav ${options}`
    const { stdout, stderr } = onSmallDisk(folder, `${command}; echo "code $?"; ls -A full`, [
      process.execPath,
      nagare.file,
    ])
    expect({ code: 1, signal: null, out: '', err: stderr }).toEqual(
      refusal(1, join(folder, 'full/clean.wav'), 'disk is full', 'Free some space'),
    )
    expect(stdout).toBe('code 1\n')
  })
})
