import type { TaskDefinition } from '../task'
import { vocodeSettings } from './settings'
import { vocodeFile } from './vocode-file'

/** Vocoding: a recording, by way of its mel spectrogram, or a mel spectrogram → sound of one channel. Any rate, any length. */
export const vocode: TaskDefinition<typeof vocodeSettings> = {
  id: 'vocode',
  label: 'Vocode',
  description: 'Makes the sound anew from nothing but its mel spectrogram, in one channel.',
  accepts: ['audio', 'mel'],
  packKinds: ['waveglow'],
  settings: vocodeSettings,
  commandOptions: ({ sigma, denoise, precision }) => [
    ...['--sigma', String(sigma), '--denoise', String(denoise)],
    ...(precision === 'float32' ? [] : ['--precision', precision]),
  ],
  run: async (context) => (await vocodeFile(context)).outputs,
}
