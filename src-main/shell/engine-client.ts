import { dialog, nativeTheme, type MessagePortMain } from 'electron'
import { connect, portWire, type Client } from '../contract'
import { words } from './words'

export interface EngineClient {
  /** Speaks to the engine over `port` from now on. */
  attach(port: MessagePortMain): void
  /** Adds files to the project, at once or when the engine is there. */
  open(paths: string[]): void
  /** Has the engine change to the project in a folder, once it is there. */
  openProject(folder: string): void
}

/** The shell's own line to the engine: it opens files the system hands over and follows the theme setting. */
export function engineClient(): EngineClient {
  let client: Client | undefined
  let waiting: string[] = []

  const add = (own: Client, path: string) =>
    own
      .call('asset.add', { source: { path } })
      .catch((thrown: Error) => dialog.showErrorBox(words().fileNotOpened, thrown.message))

  return {
    attach(port) {
      const own = connect(portWire(port), {
        onEvent({ event, data }) {
          if (event === 'settings.changed') nativeTheme.themeSource = data.settings.theme
        },
        onReset: () =>
          void own
            .call('state.get', {})
            .then(({ settings }) => (nativeTheme.themeSource = settings.theme))
            .catch(() => {}),
        onClose() {
          if (client === own) client = undefined
        },
      })
      client = own
      const paths = waiting
      waiting = []
      for (const path of paths) void add(own, path)
    },
    openProject(folder) {
      client
        ?.call('project.open', { folder })
        .catch((thrown: Error) => dialog.showErrorBox(words().projectNotOpened, thrown.message))
    },
    open(paths) {
      if (!client) waiting.push(...paths)
      else for (const path of paths) void add(client, path)
    },
  }
}
