import { spawn } from 'node:child_process'

/** Opens `url` in the person's browser, if the system has a way; never throws. */
export function openBrowser(url: string): void {
  const [program, ...args] =
    process.platform === 'win32'
      ? ['rundll32', 'url.dll,FileProtocolHandler', url]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', url]
  spawn(program!, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}
