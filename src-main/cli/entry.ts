import { parseArgs } from 'node:util'
import { asNagareError, NagareError } from '../lib/errors'
import { commonOptions, type Command } from './command'
import { devices } from './devices'
import { enhance } from './enhance'
import { evaluate } from './evaluate'
import { importFile } from './import'
import { models } from './models'
import { serve } from './serve'
import { openTerminal } from './terminal'
import { train } from './train'

const commands: readonly Command[] = [devices, enhance, train, evaluate, importFile, models, serve]

const exitCodes: Partial<Record<NagareError['code'], number>> = { 'bad-input': 2, cancelled: 130 }

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`)
  return `Nagare: generative models of sound and images, on your own machine.\n\nUsage: nagare COMMAND [options]\n\n${lines.join('\n')}\n\nEvery command takes --device ID, --seed N, --json and --help.\n`
}

/** Writes to stdout and waits until a pipe has taken all of it. */
const print = (text: string) => new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await print(help())
    return name === undefined ? 2 : 0
  }
  const controller = new AbortController()
  const terminal = openTerminal(controller.signal)
  const stop = () => controller.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    const command = commands.find((known) => known.name === name)
    if (!command) throw new NagareError('bad-input', `There is no command ${name}.`, { hint: 'See `nagare help`.' })
    const args = parse(command, rest)
    if (args.values['help']) {
      await print(`${command.summary}\n\nUsage: ${command.usage}\n`)
      return 0
    }
    const outcome = await command.run(args, terminal)
    terminal.clear()
    if (!outcome) return 0
    const { json, text } = outcome
    await print(args.values['json'] ? `${JSON.stringify(json)}\n` : text === '' ? '' : `${text}\n`)
    return 0
  } catch (thrown) {
    terminal.clear()
    const error = asNagareError(thrown)
    process.stderr.write(`nagare: ${[error.message, error.hint].filter(Boolean).join(' ').replaceAll('\n', ' ')}\n`)
    if (error.code === 'internal' && process.env['NAGARE_DEBUG']) console.error(error.cause ?? error)
    return exitCodes[error.code] ?? 1
  }
}

function parse(command: Command, argv: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { ...commonOptions, ...command.options },
      allowPositionals: true,
    })
    return { values, positionals }
  } catch (thrown) {
    throw new NagareError('bad-input', (thrown as Error).message, { hint: `Usage: ${command.usage}` })
  }
}

process.exitCode = await main(process.argv.slice(2))
// Native threads of a device may outlive the work; what was asked for is done.
process.exit()
