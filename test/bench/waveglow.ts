import { vocoders } from './cases/waveglow'
import { soundSuite } from './sound-suite'

/** How long the vocoder takes for a second of sound at 22.05 kHz, against the usual form of the network in PyTorch. */
export const waveglow = soundSuite(
  {
    name: 'waveglow',
    summary:
      'seconds per second of sound: the published WaveGlow against PyTorch, in int8, and the presets for processors',
    about: 'Sound at 22.05 kHz; int8 is not expected to agree.',
  },
  vocoders,
)
