import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTerminal } from '../../../src-main/cli/terminal'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { babble, wav16 } from '../../helpers/signals'
import { installNagare, refusal, type Nagare } from './nagare'

let nagare: Nagare
beforeAll(async () => {
  nagare = await installNagare()
}, 60_000)
afterAll(() => nagare.remove())

const names = [
  'devices',
  'enhance',
  'inspect',
  'surfaces',
  'mix',
  'train',
  'evaluate',
  'import',
  'export',
  'models',
  'serve',
  'bench',
]

describe('help', () => {
  it.each([['help'], ['--help'], ['-h']])('%s names every command', async (word) => {
    const { code, out, err } = await nagare.run([word], { cwd: await tempFolder() })
    expect([code, err]).toEqual([0, ''])
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} +[A-Z]`, 'm'))
  })

  it('tells the options of a command, asked either way', async () => {
    const cwd = await tempFolder()
    const asked = await nagare.run(['enhance', '--help'], { cwd })
    expect(asked).toMatchObject({ code: 0, err: '' })
    for (const option of ['--out', '--noise-out', '--strength', '--iterations', '--model', '--device', '--seed'])
      expect(asked.out).toContain(option)
    expect(await nagare.run(['help', 'enhance'], { cwd })).toEqual(asked)
  })

  it('tells its version', async () => {
    expect(await nagare.run(['--version'], { cwd: await tempFolder() })).toMatchObject({ code: 0, out: '1.2.3\n' })
  })
})

describe('refusals', () => {
  let cwd: string
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'nagare-arguments-'))
    await writeFile(join(cwd, 'a.wav'), wav16(babble(1600, 16_000)))
  })
  afterAll(() => rm(cwd, { recursive: true, force: true }))

  it.concurrent.each<[string[], string[]]>([
    [[], ['command is missing', 'enhance', 'nagare help']],
    [['frobnicate'], ['no command frobnicate', 'nagare help']],
    [['help', 'frobnicate'], ['no command frobnicate']],
    [['enhance'], ['needs a recording', 'Usage: nagare enhance']],
    [
      ['enhance', 'a.wav'],
      ['--out is missing', 'Usage: nagare enhance'],
    ],
    [['enhance', 'a.wav', '-o'], ['--out needs a value']],
    [['enhance', 'a.wav', '-o', ''], ['--out is missing']],
    [['enhance', 'a.wav', '-o', 'o.wav', '--loud'], ['no option --loud']],
    [['enhance', 'a.wav', '-o', 'o.wav', '--json=yes'], ['--json takes no value']],
    [
      ['enhance', 'a.wav', '-o', 'o.wav', '--strength', '1.5'],
      ['--strength', 'from 0 to 1', '1.5'],
    ],
    [
      ['enhance', 'a.wav', '-o', 'o.wav', '--strength', 'much'],
      ['--strength', 'much'],
    ],
    [
      ['enhance', 'a.wav', '-o', 'o.wav', '--iterations', '201'],
      ['--iterations', 'to 200', '201'],
    ],
    [
      ['enhance', 'a.wav', '-o', 'o.wav', '--iterations', '2.5'],
      ['--iterations', 'whole number'],
    ],
    [
      ['enhance', 'a.wav', '-o', 'o.wav', '--seed=-1'],
      ['--seed', '-1'],
    ],
    [
      ['enhance', 'a.wav', 'b.wav', '-o', 'o.wav'],
      ['2 recordings need a folder', '/'],
    ],
    [['enhance', 'a.wav', 'b.wav', '-o', 'd/', '--noise-out', 'n.wav'], ['--noise-out goes with one']],
    [['devices', 'all'], ['no use for all']],
    [['train'], ['needs a kind: vae-nmf']],
    [
      ['train', 'gan', '--data', '.', '-o', 'p.nagare'],
      ['no kind of model gan', 'vae-nmf'],
    ],
    [['train', 'vae-nmf', '-o', 'p.nagare'], ['--data is missing']],
    [
      ['train', 'vae-nmf', '--data', '.', '-o', 'p.nagare', '--preset', 'huge'],
      ['no preset huge', 'standard'],
    ],
    [
      ['train', 'vae-nmf', '--data', '.', '-o', 'p.nagare', '--set', 'hidden'],
      ['key=value', 'hidden'],
    ],
    [
      ['train', 'vae-nmf', '--data', '.', '-o', 'p.nagare', '--set', 'colour=1'],
      ['no setting colour', 'hidden'],
    ],
    [['evaluate', 'vae-nmf'], ['--data is missing']],
    [['import'], ['needs a file']],
    [
      ['import', 'a.npz', '-o', 'p.nagare'],
      ['--as is missing', 'vae-nmf'],
    ],
    [['models', 'show'], ['needs a name']],
    [
      ['models', 'polish', 'it'],
      ['list, show, add, remove, describe and halve', 'polish'],
    ],
    [
      ['serve', '--port', 'http'],
      ['--port', 'http'],
    ],
  ])('%j', async (args, words) => {
    expect(await nagare.run(args, { cwd })).toEqual(refusal(2, ...words))
  })

  it('name the devices there are, and leave nothing behind', async () => {
    for (const command of [
      ['enhance', 'a.wav', '-o', 'o.wav'],
      ['devices'],
      ['train', 'vae-nmf', '--data', '.', '-o', 'p'],
    ]) {
      const ended = await nagare.run([...command, '--device', 'abacus'], { cwd })
      expect(ended).toEqual(refusal(1, 'no device "abacus"', 'cpu'))
    }
    expect(await filesUnder(cwd)).toEqual(['a.wav'])
  })
})

describe('output', () => {
  it('is one JSON object on stdout and nothing else', async () => {
    const { code, out, err } = await nagare.run(['devices', '--json'], { cwd: await tempFolder() })
    expect([code, err, out.endsWith('}\n'), out.split('\n').length]).toEqual([0, '', true, 2])
    const { devices } = JSON.parse(out) as { devices: { id: string; available: boolean; gflops?: number }[] }
    expect(devices.find(({ id }) => id === 'cpu')).toMatchObject({ available: true, gflops: expect.any(Number) })
    expect(devices.find(({ id }) => id === 'reference')).toMatchObject({ available: true })
  })

  it('that cannot be written is told in one line', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('this system has no /dev/full')
    const cwd = await tempFolder()
    const { status, stderr } = spawnSync('sh', ['-c', `"$0" "$1" models > /dev/full`, process.execPath, nagare.file], {
      cwd,
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^nagare: standard output: the disk is full\.[^\n]*\n$/),
    ])
  })

  it('is not missed by a reader that went away', async ({ skip }) => {
    if (process.platform === 'win32') skip('needs a shell')
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `{ "$0" "$1" help; echo "code $?" >&2; } | true`, process.execPath, nagare.file],
      { cwd: await tempFolder(), encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([0, 'code 0\n'])
  })

  it('is refused where it would replace a device', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('this system has no /dev/full')
    const cwd = await tempFolder()
    await writeFile(join(cwd, 'a.wav'), wav16(babble(1600, 16_000)))
    // Through a link of its own: were the refusal missing, only the link would be replaced.
    await symlink('/dev/full', join(cwd, 'full.wav'))
    const before = await filesUnder(cwd)
    expect(await nagare.run(['enhance', 'a.wav', '-o', 'full.wav'], { cwd })).toEqual(
      refusal(2, 'full.wav', 'a device'),
    )
    const noise = ['enhance', 'a.wav', '-o', 'o.wav', '--noise-out', 'full.wav']
    expect(await nagare.run(noise, { cwd })).toEqual(refusal(2, 'full.wav', 'a device'))
    expect(await filesUnder(cwd)).toEqual(before)
  })
})

describe('progress', () => {
  const written = (isTTY: boolean) => {
    const lines: string[] = []
    const stream = { isTTY, columns: 40, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream
    const terminal = openTerminal(new AbortController().signal, stream)
    terminal.progress({ phase: 'Cleaning', done: 1, total: 4 })
    terminal.progress({ phase: 'Cleaning', done: 4, total: 4 })
    terminal.clear()
    return lines
  }

  it('rewrites one line on a screen and wipes it at the end', () => {
    const lines = written(true)
    expect(lines[0]).toMatch(/^\r.*Cleaning 25 %/)
    expect(lines.at(-2)).toMatch(/^\r.*Cleaning 100 %/)
    expect(lines.at(-1)).toBe('\r\x1b[K')
    expect(lines.join('')).not.toContain('\n')
  })

  it('says little in a log', () => {
    expect(written(false)).toEqual([])
  })

  it('throws once the person asked to stop', () => {
    const controller = new AbortController()
    const terminal = openTerminal(controller.signal)
    terminal.checkCancelled()
    controller.abort()
    expect(() => terminal.checkCancelled()).toThrow(expect.objectContaining({ code: 'cancelled' }))
  })
})
