import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { build } from '../../../build/prepare.mjs'
import { portWire, type Settings } from '../../../src-main/contract'
import { shell as en } from '../../../src-renderer/text/en/shell'
import { shell as ja } from '../../../src-renderer/text/ja/shell'
import { writeTinyBlow } from '../../helpers/blow-pack'

type StandIn = typeof import('../../helpers/electron-stand-in')

const root = resolve(import.meta.dirname, '../../..')
const builtMain = pathToFileURL(join(root, 'out/main/main.js')).href
const argv = process.argv
let home: string
let electron: StandIn

/** Loads the built main bundle over a fresh stand-in. */
async function launch(...words: string[]) {
  process.argv = ['electron', 'main.js', ...words]
  await import(/* @vite-ignore */ builtMain)
  electron.app.becomeReady()
  await new Promise((settle) => setImmediate(settle))
  return electron.asked
}

const engine = () => electron.asked.forks.at(-1)!
const ready = () => engine().emit('message', { type: 'ready' })
const windowPorts = () => electron.asked.windows[0]!.webContents.mainFrame.posted
/** The ports the engine got so far, the shell's own and the windows', in order. */
const enginePorts = () => engine().posted.filter(({ message }) => message.type === 'port')

beforeAll(build, 180_000)
beforeEach(async () => {
  vi.resetModules()
  home = await mkdtemp(join(tmpdir(), 'nagare-shell-'))
  vi.stubEnv('NAGARE_HOME', home)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  electron = await import('../../helpers/electron-stand-in')
})
afterEach(async () => {
  process.argv = argv
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(home, { recursive: true, force: true })
})

describe('the window', () => {
  it('is sandboxed and isolated, on a secure scheme that does not bypass the content policy', async () => {
    const { windows, schemes, sandboxed, paths } = await launch()
    expect(sandboxed).toBe(true)
    expect(paths['userData']).toBe(join(home, 'window'))
    expect(schemes).toEqual([
      {
        scheme: 'app',
        privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
      },
    ])
    expect(windows).toHaveLength(1)
    expect(windows[0]!.options.webPreferences).toMatchObject({
      preload: join(root, 'out/preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
    })
    expect(windows[0]!.webContents.mainFrame.url).toBe('app://bundle/')
    expect(windows[0]!.shown).toBe(false)
    windows[0]!.emit('ready-to-show')
    expect(windows[0]!.shown).toBe(true)
  })

  it('loads its bundle and media through the scheme, and no other host’s', async () => {
    const { protocols } = await launch()
    const handle = protocols.get('app')!
    const page = await handle(new Request('app://bundle/'))
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<html')])
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const asset = join(home, 'projects', 'Untitled', 'assets', 'a-1')
    await mkdir(asset, { recursive: true })
    await writeFile(join(asset, 'source.wav'), '0123456789')
    const part = await handle(new Request('app://bundle/media/a-1', { headers: { Range: 'bytes=2-4' } }))
    expect([part.status, await part.text()]).toEqual([206, '234'])
    await writeTinyBlow(join(home, 'packs', 'voices.nagare'), { blocks: 1, flows: 1, channels: 4, samples: true })
    const voice = await handle(new Request('app://bundle/packs/voices/voices/1'))
    expect([voice.status, voice.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    expect((await handle(new Request('app://bundle/..%2f..%2fpackage.json'))).status).toBe(404)
    expect((await handle(new Request('app://other/'))).status).toBe(404)
    expect((await handle(new Request('app://bundle/upload', { method: 'PUT', body: 'x' }))).status).toBe(405)
  })

  it('cannot be led away', async () => {
    const { windows, opened } = await launch()
    const contents = windows[0]!.webContents
    for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
      const refused = (url: string) => {
        const event = electron.preventable({ url })
        contents.emit(name, event)
        return event.prevented
      }
      expect(refused('https://evil.example/'), name).toBe(true)
      expect(refused('file:///etc/passwd'), name).toBe(true)
      expect(refused('app://bundle.evil.example/'), name).toBe(true)
      expect(refused('app://bundle/'), name).toBe(false)
    }
    const webview = electron.preventable()
    contents.emit('will-attach-webview', webview)
    expect(webview.prevented).toBe(true)
    const links = [
      'https://arxiv.org/abs/1',
      'http://arxiv.org/',
      'https://evil.example/',
      'file:///etc/passwd',
      'nonsense',
    ]
    expect(links.map((url) => contents.openHandler!({ url }).action)).toEqual(links.map(() => 'deny'))
    expect(opened).toEqual(['https://arxiv.org/abs/1'])
  })

  it('gets only the permissions it uses, and only for its own page', async () => {
    const { permissionRequest, permissionCheck, devicePermission } = await launch()
    const request = (permission: string, requestingUrl = 'app://bundle/', isMainFrame = true) => {
      let granted: boolean | undefined
      const answer = (value: boolean) => (granted = value)
      ;(permissionRequest as (...args: unknown[]) => void)({}, permission, answer, { requestingUrl, isMainFrame })
      return granted
    }
    const check = permissionCheck as (...args: unknown[]) => boolean
    for (const permission of ['media', 'geolocation', 'clipboard-read', 'openExternal', 'usb', 'unknown']) {
      expect(request(permission), permission).toBe(false)
      expect(check({}, permission, 'app://bundle'), permission).toBe(false)
    }
    expect(request('clipboard-sanitized-write')).toBe(true)
    expect(request('notifications')).toBe(true)
    expect(request('notifications', 'https://evil.example/')).toBe(false)
    expect(request('clipboard-sanitized-write', 'https://evil.example/')).toBe(false)
    expect(request('clipboard-sanitized-write', 'app://bundle/', false)).toBe(false)
    expect(check({}, 'clipboard-sanitized-write', 'https://evil.example')).toBe(false)
    expect((devicePermission as () => boolean)()).toBe(false)
  })

  it('gets the microphone, and neither a camera nor for another page', async () => {
    const { permissionRequest, permissionCheck } = await launch()
    const request = async (mediaTypes: string[], requestingUrl = 'app://bundle/', isMainFrame = true) =>
      new Promise<boolean>((answer) =>
        (permissionRequest as (...args: unknown[]) => void)({}, 'media', answer, {
          requestingUrl,
          isMainFrame,
          mediaTypes,
        }),
      )
    expect(await request(['audio'])).toBe(true)
    expect(await request(['video'])).toBe(false)
    expect(await request(['audio', 'video'])).toBe(false)
    expect(await request([])).toBe(false)
    expect(await request(['audio'], 'https://evil.example/')).toBe(false)
    expect(await request(['audio'], 'app://bundle/', false)).toBe(false)
    const check = permissionCheck as (...args: unknown[]) => boolean
    expect(check({}, 'media', 'app://bundle', { mediaType: 'audio' })).toBe(true)
    expect(check({}, 'media', 'app://bundle', { mediaType: 'video' })).toBe(false)
    expect(check({}, 'media', 'https://evil.example', { mediaType: 'audio' })).toBe(false)
  })

  it('saves only its own files, after asking where', async () => {
    await launch()
    const download = (url: string) => {
      const event = electron.preventable()
      const options: unknown[] = []
      const item = {
        getURL: () => url,
        getFilename: () => 'clean.wav',
        setSaveDialogOptions: (given: unknown) => options.push(given),
      }
      electron.session.defaultSession.emit('will-download', event, item)
      return { refused: event.prevented, options }
    }
    expect(download('app://bundle/exports/clean.wav')).toEqual({
      refused: false,
      options: [{ defaultPath: join('/downloads', 'clean.wav') }],
    })
    expect(download('https://evil.example/clean.wav')).toEqual({ refused: true, options: [] })
  })
})

describe('the engine', () => {
  it('is a utility process that is told its places', async () => {
    const { forks } = await launch()
    expect(forks).toHaveLength(1)
    expect(forks[0]!.path).toBe(join(root, 'out/main/engine.js'))
    expect(forks[0]!.options).toEqual({ serviceName: 'Nagare engine', stdio: 'pipe' })
    expect(forks[0]!.args).toEqual([
      ...['--project', join(home, 'projects', 'Untitled')],
      ...['--packs', join(root, 'resources', 'packs'), '--packs', join(home, 'packs')],
      ...['--resources', join(root, 'resources')],
      ...['--settings', join(home, 'settings.json')],
    ])
  })

  it.each(['engine first', 'page first'])('gets one end of a channel and the page the other: %s', async (order) => {
    const { windows } = await launch()
    const steps = [ready, () => windows[0]!.finishLoad()]
    for (const step of order === 'engine first' ? steps : steps.reverse()) step()
    expect(windowPorts()).toHaveLength(1)
    expect(windowPorts()[0]).toMatchObject({ channel: 'nagare:port', ports: [expect.anything()] })
    const [own, page] = enginePorts()
    expect([own!.message, page!.message]).toEqual([
      { type: 'port', trusted: true },
      { type: 'port', trusted: true },
    ])
    expect(page!.ports[0]!.other).toBe(windowPorts()[0]!.ports[0])
  })

  it('is reached anew after a reload', async () => {
    const { windows } = await launch()
    ready()
    windows[0]!.finishLoad()
    windows[0]!.finishLoad()
    expect(windowPorts()).toHaveLength(2)
    expect(windowPorts()[1]!.ports[0]).not.toBe(windowPorts()[0]!.ports[0])
  })

  it('is out of reach for any page but the app’s', async () => {
    const { windows } = await launch()
    ready()
    windows[0]!.webContents.mainFrame.url = 'https://evil.example/'
    windows[0]!.finishLoad()
    expect(windowPorts()).toHaveLength(0)
  })

  it('is restarted when it dies, told why, and every window gets a new port', async () => {
    const { windows, forks } = await launch()
    ready()
    windows[0]!.finishLoad()
    electron.app.emit('child-process-gone', {}, { type: 'Utility', reason: 'oom', exitCode: 9, name: 'Nagare engine' })
    engine().emit('exit', 9)
    await vi.waitFor(() => expect(forks).toHaveLength(2))
    const told = JSON.parse(forks[1]!.args[forks[1]!.args.indexOf('--last-exit') + 1]!)
    expect(told).toMatchObject({ code: null, signal: 'SIGKILL', reason: expect.stringContaining('memory') })
    expect(windowPorts()).toHaveLength(1)
    ready()
    expect(windowPorts()).toHaveLength(2)
    expect(enginePorts().at(-1)!.ports[0]!.other).toBe(windowPorts()[1]!.ports[0])
  })

  it('is asked to stop before the app ends', async () => {
    const { quits } = await launch()
    ready()
    expect(quits).toBe(0)
    const event = electron.preventable()
    electron.app.emit('before-quit', event)
    expect(event.prevented).toBe(true)
    expect(engine().posted.at(-1)!.message).toEqual({ type: 'quit' })
    engine().emit('exit', 0)
    await vi.waitFor(() => expect(electron.asked.quits).toBe(1))
    expect(electron.asked.forks).toHaveLength(1)
    const again = electron.preventable()
    electron.app.emit('before-quit', again)
    expect(again.prevented).toBe(false)
  })
})

/** Plays the engine at the shell's own port: records its calls, answers them all. */
function playEngine() {
  const calls: { call: string; args: unknown }[] = []
  const wire = portWire(enginePorts()[0]!.ports[0] as never)
  wire.listen((raw) => {
    const message = raw as { type: string; id: number; call: string; args: unknown }
    if (message.type !== 'call') return
    calls.push({ call: message.call, args: message.args })
    wire.send({ type: 'error', id: message.id, error: { code: 'bad-input', message: 'This is no sound.' } })
  })
  const settings: Settings = {
    device: 'auto',
    theme: 'dark',
    language: 'en',
    exportFormat: 'wav-s16',
    tasks: {},
    models: {},
  }
  return {
    calls,
    opened: () =>
      calls
        .filter(({ call }) => call === 'asset.add')
        .map(({ args }) => (args as { source: { path: string } }).source.path),
    changeTheme: () => wire.send({ type: 'event', seq: 1, event: 'settings.changed', data: { settings } }),
  }
}

describe('the system', () => {
  it('hands files over: at the start, from a second instance, from the Finder and the menu', async () => {
    const paths = ['first.wav', 'second.wav'].map((name) => join(home, name))
    for (const path of paths) await writeFile(path, '')
    const { menu, windows, chosenFiles } = await launch(paths[0]!, '--no-sandbox', join(home, 'missing.wav'))
    electron.app.emit('open-file', electron.preventable(), '/finder.wav')
    ready()
    const { opened } = playEngine()
    electron.app.emit('second-instance', {}, ['electron', 'main.js', 'second.wav'], home)
    chosenFiles.push('/menu.wav')
    const open = menu!.find(({ label }) => label === 'File')!.submenu.find(({ label }) => label === 'Open…')!
    ;(open.click as (...args: unknown[]) => void)({}, windows[0])
    await vi.waitFor(() => expect(opened()).toEqual([paths[0], '/finder.wav', paths[1], '/menu.wav']))
    expect(windows).toHaveLength(1)
    expect(windows[0]!.focused).toBe(1)
    await vi.waitFor(() => expect(electron.asked.errors).toHaveLength(4))
    expect(electron.asked.errors[0]).toContain('This is no sound.')
  })

  it('takes finished exports that its own page drags, and nothing else', async () => {
    await launch()
    const exports = join(home, 'projects', 'Untitled', 'exports')
    await mkdir(exports, { recursive: true })
    const file = join(exports, 'clean voice.wav')
    await writeFile(file, 'RIFF')
    await writeFile(join(exports, '..', 'project.json'), '{}')
    const drags: unknown[] = []
    const sender = { startDrag: (item: unknown) => drags.push(item) }
    const frame = { url: 'app://bundle/', parent: null }
    const drag = (senderFrame: object | null, name: unknown) =>
      electron.ipcMain.emit('nagare:drag', { sender, senderFrame }, name)
    drag({ ...frame, url: 'https://evil.example/' }, 'clean voice.wav')
    drag({ ...frame, parent: frame }, 'clean voice.wav')
    drag(null, 'clean voice.wav')
    for (const name of ['../project.json', '..', '', file, 'missing.wav', 7]) drag(frame, name)
    drag(frame, 'clean voice.wav')
    await vi.waitFor(() => expect(drags).toHaveLength(1))
    expect(drags).toEqual([{ file, icon: { iconOf: file } }])
  })

  it('speaks the language that its own page speaks, from its menu to its dialogs, and changes it live', async () => {
    const { chosenFiles } = await launch()
    ready()
    playEngine()
    const frame = { url: 'app://bundle/', parent: null }
    const tell = (menu: object) => electron.ipcMain.emit('nagare:menu', { senderFrame: frame }, menu)
    const every = () =>
      electron.asked.menu!.flatMap(({ label, submenu }) => [label, ...submenu.map((item) => item.label)]).join('\n')
    const groups = (file: string, view: string) => [
      { id: 'file', title: file, items: [] },
      { id: 'view', title: view, items: [] },
    ]
    tell({ groups: groups('ファイル', '表示'), words: ja.desktop })
    expect(every()).toContain(ja.desktop.openProject)
    // Nothing is left in English but the app's name.
    expect(every().replaceAll('Nagare', '')).not.toMatch(/[A-Za-z]/)
    const item = electron.asked.menu!.flatMap(({ submenu }) => submenu).find(({ label }) => label === ja.desktop.open)!
    chosenFiles.push('/menu.wav')
    ;(item.click as (...args: unknown[]) => void)({}, electron.asked.windows[0])
    await vi.waitFor(() => expect(electron.asked.errors[0]).toContain(ja.desktop.fileNotOpened))
    expect(electron.asked.filters.at(-1)!.map(({ name }) => name)).toEqual([ja.desktop.media, ja.desktop.allFiles])
    tell({ groups: groups('File', 'View'), words: { ...ja.desktop, undo: '' } })
    expect(every()).toContain(ja.desktop.undo)
    tell({ groups: groups('File', 'View'), words: en.desktop })
    expect(every()).toContain('Open Project Folder…')
    expect(every()).not.toMatch(/[ぁ-ん]/)
  })

  it('shows the actions that its own page tells of, and says which was chosen', async () => {
    const { windows } = await launch()
    const item = (id: string, label: string, keys: string, enabled = true) => ({ id, label, keys, enabled })
    const told = {
      groups: [
        { id: 'file', title: 'ファイル', items: [item('export', '書き出し…', 'Mod+E')] },
        { id: 'view', title: '表示', items: [] },
        {
          id: 'listen',
          title: 'R&D',
          items: [item('play', 'A & B', 'Space', false), item('back', '5秒戻る', 'ArrowLeft')],
        },
      ],
    }
    const frame = { url: 'app://bundle/', parent: null }
    const tell = (senderFrame: object | null, menu: unknown) =>
      electron.ipcMain.emit('nagare:menu', { senderFrame }, menu)
    const labels = () => electron.asked.menu!.map(({ label }) => label)
    const before = labels()
    expect(before.slice(-4)).toEqual(['File', 'Edit', 'View', 'Window'])
    tell({ ...frame, url: 'https://evil.example/' }, told)
    tell({ ...frame, parent: frame }, told)
    tell(null, told)
    tell(frame, { groups: [{ id: 'x', title: '', items: [] }] })
    tell(frame, 'menu')
    expect(labels()).toEqual(before)
    tell(frame, told)
    expect(labels().slice(-5)).toEqual(['ファイル', 'Edit', '表示', 'R&&D', 'Window'])
    const items = electron.asked.menu!.find(({ label }) => label === 'R&&D')!.submenu
    expect(items).toMatchObject([
      { label: 'A && B', enabled: false },
      { label: '5秒戻る', enabled: true },
    ])
    if (process.platform !== 'darwin')
      expect(items[1]).toMatchObject({ accelerator: 'Left', registerAccelerator: false })
    const chosen = electron.asked.menu![process.platform === 'darwin' ? 1 : 0]!.submenu.find(
      ({ label }) => label === '書き出し…',
    )!
    ;(chosen.click as (...args: unknown[]) => void)({}, windows[0])
    expect(windows[0]!.webContents.sent).toEqual([['nagare:action', 'export']])
  })

  it('follows the theme setting', async () => {
    await launch()
    ready()
    playEngine().changeTheme()
    await vi.waitFor(() => expect(electron.nativeTheme.themeSource).toBe('dark'))
  })

  it('runs one instance: the second leaves at once', async () => {
    electron.asked.firstInstance = false
    const { windows, forks, quits } = await launch()
    expect([windows.length, forks.length, quits]).toEqual([0, 0, 1])
  })
})
