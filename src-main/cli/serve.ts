import { once } from 'node:events'
import { resolve } from 'node:path'
import { places, withProject } from '../files'
import { startHost } from '../host'
import { commonOptions, number, text, type Command } from './command'

const usage = 'nagare serve [--port N] [--host ADDR] [--project DIR]'

export const serve: Command = {
  name: 'serve',
  usage,
  summary: 'Serve the window at a local address, for a browser',
  words: 0,
  help: {
    '--port N': 'port to listen on (any free one)',
    '--host ADDR': 'address to listen on (127.0.0.1: this machine only)',
    '--project DIR': 'project folder to open (the one that was open last)',
  },
  options: { ...commonOptions, port: { type: 'string' }, host: { type: 'string' }, project: { type: 'string' } },
  async run({ values }, terminal) {
    const address = text(values, 'host')
    const project = text(values, 'project')
    const host = await startHost({
      port: number(values, 'port', { min: 0, max: 65_535, integer: true }) ?? 0,
      where: withProject(places(), project && resolve(project)),
      log: (line) => terminal.note(`nagare: ${line}`),
      ...(address ? { address } : {}),
    })
    process.stdout.write(values['json'] ? `${JSON.stringify({ url: host.url })}\n` : `${host.url}\n`)
    if (!terminal.signal.aborted) await once(terminal.signal, 'abort')
    await host.close()
    return undefined
  },
}
