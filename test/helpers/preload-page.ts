import type { BrowserContext, Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const built = resolve(import.meta.dirname, '../../out/preload/preload.cjs')

/** Runs in the page before its own scripts: what Electron gives a sandboxed preload, recorded in `window.preloadAsked`. */
function standIn(code: string) {
  const listeners = new Map<string, (event: { ports: MessagePort[] }) => void>()
  const sent: unknown[][] = []
  const asked = { required: [] as string[], exposed: [] as string[], channels: listeners, sent }
  const electron = {
    contextBridge: {
      exposeInMainWorld(name: string, api: unknown) {
        asked.exposed.push(name)
        Object.defineProperty(window, name, { value: Object.freeze(api) })
      },
    },
    ipcRenderer: {
      on: (channel: string, listener: (event: { ports: MessagePort[] }) => void) => listeners.set(channel, listener),
      send: (...words: unknown[]) => void sent.push(words),
    },
    webUtils: { getPathForFile: (file: File) => `/dropped/${file.name}` },
  }
  const require = (name: string) => {
    asked.required.push(name)
    if (name === 'electron') return electron
    throw new Error(`A sandboxed preload cannot require ${name}.`)
  }
  /** Plays Electron's main process: a port to the engine whose other end goes over the host's socket. */
  const sendPort = () => {
    const { port1, port2 } = new MessageChannel()
    const socket = new WebSocket(`ws://${location.host}/wire`)
    socket.onopen = () => {
      port1.onmessage = ({ data }) => socket.send(JSON.stringify(data))
    }
    socket.onmessage = ({ data }) => port1.postMessage(JSON.parse(data as string))
    listeners.get('nagare:port')?.({ ports: [port2] })
  }
  // Evaluated from the test's side of the page, which its content policy does not bind.
  new Function('require', 'process', code)(require, { platform: 'linux' })
  Object.assign(window, { preloadAsked: asked })
  window.addEventListener('load', sendPort)
}

/** Opens the window at `url` as the desktop does: the built preload runs first, and the engine is reached over the port that it passes on. */
export async function openWithPreload(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  const code = await readFile(built, 'utf8')
  await page.addInitScript(standIn, code)
  await page.goto(url)
  return page
}
