#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { asNagareError, NagareError } from '../lib/errors'
import { appVersion } from '../lib/version'
import { commonOptions, type Command } from './command'
import { openTerminal } from './terminal'

/** Each command is loaded when it is called: the command line answers before models and devices are read. */
const commands: Record<string, () => Promise<Command>> = {
  devices: async () => (await import('./devices')).devices,
  enhance: async () => (await import('./enhance')).enhance,
  convert: async () => (await import('./convert')).convert,
  vocode: async () => (await import('./vocode')).vocode,
  inspect: async () => (await import('./inspect')).inspect,
  train: async () => (await import('./train')).train,
  surfaces: async () => (await import('./surfaces')).surfaces,
  mix: async () => (await import('./mix')).mix,
  evaluate: async () => (await import('./evaluate')).evaluate,
  import: async () => (await import('./import')).importFile,
  export: async () => (await import('./export')).exportModel,
  models: async () => (await import('./models')).models,
  serve: async () => (await import('./serve')).serve,
  bench: async () => (await import('./bench')).bench,
}

const exitCodes: Partial<Record<NagareError['code'], number>> = { 'bad-input': 2, cancelled: 130 }
/** 128 plus the signal's number, as shells count. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

const common = {
  '--device ID': 'where it computes: an id of `nagare devices` (cpu)',
  '--seed N': 'start of all random draws: the same seed gives the same result (0)',
  '--json': 'one JSON object on stdout, nothing else',
}

const table = (rows: [string, string][]) => {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.map(([name, what]) => `  ${name.padEnd(width)}${what}`).join('\n')
}

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()))
  const list = table(all.map(({ name, summary }) => [name, summary]))
  return `Nagare: generative models of sound and images, on your own machine.\n\nUsage: nagare COMMAND [options]\n\n${list}\n\nEvery command takes --device ID, --seed N, --json and --help. \`nagare help COMMAND\` tells more.\n`
}

const commandHelp = ({ summary, usage, help }: Command) =>
  `${summary}\n\nUsage: ${usage}\n\n${table(Object.entries({ ...help, ...common }))}\n`

async function commandNamed(name: string): Promise<Command> {
  if (Object.hasOwn(commands, name)) return commands[name]!()
  throw new NagareError('bad-input', `There is no command ${name}.`, { hint: 'See `nagare help`.' })
}

/** Writes to stdout and waits until a pipe has taken all of it; a reader that has gone away wants no more. */
const print = (text: string) =>
  new Promise<void>((resolve, reject) =>
    process.stdout.write(text, (error) => {
      if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve()
      else reject(asNagareError(error, 'standard output'))
    }),
  )

function complain(error: NagareError): void {
  process.stderr.write(
    `nagare: ${[error.message, error.hint]
      .filter(Boolean)
      .join(' ')
      .replaceAll(/\s*\n\s*/g, ' ')}\n`,
  )
  if (error.code === 'internal' && process.env['NAGARE_DEBUG']) console.error(error.cause ?? error)
}

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv
  const controller = new AbortController()
  const terminal = openTerminal(controller.signal)
  let stopped: { code: number; at: number } | undefined
  for (const [signal, code] of Object.entries(signals))
    process.on(signal, () => {
      // A second one means: now, whatever is left behind. One key press may arrive twice, from the terminal and from npm.
      if (stopped && performance.now() - stopped.at > 500) process.exit(code)
      stopped ??= { code, at: performance.now() }
      controller.abort()
    })
  try {
    if (name === undefined)
      throw new NagareError('bad-input', `A command is missing: ${Object.keys(commands).join(', ')}.`, {
        hint: 'See `nagare help`.',
      })
    if (name === 'help' || name === '--help' || name === '-h') {
      await print(rest[0] === undefined ? await help() : commandHelp(await commandNamed(rest[0])))
      return 0
    }
    if (name === '--version' || name === '-v') {
      await print(`${appVersion()}\n`)
      return 0
    }
    const command = await commandNamed(name)
    const args = parse(command, rest)
    if (args.values['help']) {
      await print(commandHelp(command))
      return 0
    }
    const { device } = args.values
    if (typeof device === 'string') (await import('../compute')).checkDeviceId(device)
    const outcome = await command.run(args, terminal)
    terminal.clear()
    if (!outcome) return 0
    const { json, text, failure } = outcome
    await print(args.values['json'] ? `${JSON.stringify(json)}\n` : text === '' ? '' : `${text}\n`)
    if (failure) throw failure
    return 0
  } catch (thrown) {
    terminal.clear()
    const error = asNagareError(thrown)
    complain(error)
    return error.code === 'cancelled' && stopped ? stopped.code : (exitCodes[error.code] ?? 1)
  }
}

function parse(command: Command, argv: string[]) {
  const refuse = (message: string) => new NagareError('bad-input', message, { hint: `Usage: ${command.usage}` })
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { ...commonOptions, ...command.options },
      allowPositionals: true,
    })
    const extra = positionals[command.words ?? Infinity]
    if (extra !== undefined && !values.help) throw refuse(`${command.name} has no use for ${extra}.`)
    return { values, positionals }
  } catch (thrown) {
    if (thrown instanceof NagareError) throw thrown
    const { message } = thrown as Error
    const option = /--?[\w-]+(?=[' <=]|$)/.exec(message.replace(/^.*, (?=--)/, ''))?.[0] ?? 'an option'
    if (message.startsWith('Unknown')) throw refuse(`There is no option ${option}.`)
    throw refuse(message.includes('does not take') ? `${option} takes no value.` : `${option} needs a value.`)
  }
}

// What reads these may go away at any time; work and exit code do not depend on it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
process.on('uncaughtException', (thrown) => {
  complain(asNagareError(thrown))
  process.exit(1)
})

process.exitCode = await main(process.argv.slice(2))
// Native threads of a device may outlive the work; what was asked for is done.
process.exit()
