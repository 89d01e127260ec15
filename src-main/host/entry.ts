import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { places, withProject } from '../files'
import { asNagareError, NagareError } from '../lib/errors'
import { startHost } from './host'
import { openBrowser } from './open-browser'

const usage = 'Options: --port N, --host ADDRESS, --project FOLDER, --open.'

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string' },
      project: { type: 'string' },
      open: { type: 'boolean', default: false },
    },
  })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new NagareError('bad-input', `--port takes a number from 0 to 65535, got ${values.port}.`)
  return { ...values, port }
}

const say = (line: string) => process.stderr.write(`nagare: ${line}\n`)

try {
  const { port, host: address, project, open } = options()
  const host = await startHost({
    port,
    ...(address ? { address } : {}),
    where: withProject(places(), project && resolve(project)),
    log: say,
  })
  process.stdout.write(`${host.url}\n`)
  if (open) openBrowser(host.url)
  let closing = false
  const stop = () => {
    if (closing) return
    closing = true
    void host.close().then(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
} catch (thrown) {
  const known = (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  const { message, hint } = known
    ? new NagareError('bad-input', (thrown as Error).message, { hint: usage })
    : asNagareError(thrown)
  say([message, hint].filter(Boolean).join(' '))
  process.exit(1)
}
