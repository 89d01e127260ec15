import { stem } from '../lib/names'
import { outputExtension, type TaskDefinition } from '../tasks/task'

/** `word` as a POSIX shell takes it, quoted where it must be. */
function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The command line that does what a job does, on a file of the source's name. */
export function jobCommand(
  task: TaskDefinition,
  settings: unknown,
  job: { sourceName: string; pack: string; device: string; seed: number },
): string {
  const { sourceName, pack, device, seed } = job
  // Pictures' finds are several files, and go to a folder.
  const extension = outputExtension(task) === 'png' ? '' : `.${outputExtension(task)}`
  const output = `${stem(sourceName)} (${task.id})${extension}`
  const common = ['--model', pack, '--device', device, '--seed', String(seed)]
  return ['nagare', task.id, sourceName, '-o', output, ...common, ...task.commandOptions(settings)]
    .map(quoted)
    .join(' ')
}
