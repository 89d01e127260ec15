import { converters } from './cases/blow'
import { soundSuite } from './sound-suite'

/** How long voice conversion takes for a second of sound, against the public code's form of the network in PyTorch. */
export const blow = soundSuite(
  {
    name: 'blow',
    summary: 'seconds per second of sound: the published Blow against PyTorch, and the presets',
    about: 'Frames that overlap by half, at 16 kHz, and at 8 kHz where a row says so.',
  },
  converters,
)
