import type { TaskDefinition } from '../task'
import { convertFile } from './convert-file'
import { convertSettings } from './settings'

/** Voice conversion: a recording of a voice → the same words in another, in one channel. Any rate, any length. */
export const convert: TaskDefinition<typeof convertSettings> = {
  id: 'convert',
  label: 'Convert voice',
  description: 'Gives a recording of one voice another, in one channel.',
  accepts: ['audio'],
  packKinds: ['blow'],
  settings: convertSettings,
  commandOptions: ({ to, from, blend, share, strength, start, end, normalize }) => [
    ...['--to', to],
    ...(from === '' ? [] : ['--from', from]),
    ...(blend === '' ? [] : ['--blend', blend, '--share', String(share)]),
    ...(strength === 1 ? [] : ['--strength', String(strength)]),
    ...(start === null ? [] : ['--start', String(start)]),
    ...(end === null ? [] : ['--end', String(end)]),
    ...(normalize ? [] : ['--no-normalize']),
  ],
  run: async (context) => (await convertFile(context)).outputs,
}
