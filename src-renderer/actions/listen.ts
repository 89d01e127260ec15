import { compare, isBlind, heardSounds } from '../state/compare.svelte'
import { targetVoice } from '../convert/target-voice'
import {
  hear,
  listening,
  markRegion,
  paces,
  seek,
  setKeepsPitch,
  setPace,
  setLooping,
  setRegion,
  toggle,
} from '../state/listening.svelte'
import { toggleSample } from '../state/voice-sample.svelte'
import { text } from '../text/text.svelte'
import type { Action } from './action'
export const hasSound = () => listening.roles.length > 0
const has = (role: (typeof listening.roles)[number]) => () => !isBlind() && listening.roles.includes(role)
const hasBoth = () => !isBlind() && heardSounds().length > 1

/** The result that was heard last, for the way back from the original. */
let other: (typeof listening.roles)[number] | undefined
function switchHeard() {
  const { heard, roles } = listening
  if (heard !== 'original' && heard !== 'noise') {
    other = heard
    return hear(roles.includes('original') ? 'original' : heard)
  }
  hear(
    compare.all && other && roles.includes(other)
      ? other
      : (roles.find((role) => role !== 'original' && role !== 'noise') ?? heard),
  )
}

/** What is done with the sound that is heard. */
export const listenActions = {
  play: { id: 'play', label: () => text.actions.play, group: 'listen', keys: ['Space'], when: hasSound, run: toggle },
  compare: {
    id: 'compare',
    label: () => text.actions.compare,
    group: 'listen',
    keys: ['B'],
    when: hasBoth,
    run: switchHeard,
  },
  original: {
    id: 'original',
    label: () => text.actions.original,
    group: 'listen',
    keys: ['1'],
    when: has('original'),
    run: () => hear('original'),
  },
  result: {
    id: 'result',
    label: () => text.actions.result,
    group: 'listen',
    keys: ['2'],
    when: has('result'),
    run: () => hear('result'),
  },
  noise: {
    id: 'noise',
    label: () => text.actions.noise,
    group: 'listen',
    keys: ['N', '3'],
    when: has('noise'),
    run: () => hear(listening.heard === 'noise' ? 'result' : 'noise'),
  },
  voice: {
    id: 'voice',
    label: () => text.actions.voice,
    group: 'listen',
    keys: ['3'],
    when: () => !isBlind() && targetVoice() !== undefined && !has('noise')(),
    run: () => toggleSample(targetVoice()!.url),
  },
  match: {
    id: 'match',
    label: () => text.actions.match,
    group: 'listen',
    keys: ['L'],
    when: hasBoth,
    run: () => void (listening.match = !listening.match),
  },
  back: {
    id: 'back',
    label: () => text.actions.back,
    group: 'listen',
    keys: ['ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 5),
    repeats: true,
  },
  forward: {
    id: 'forward',
    label: () => text.actions.forward,
    group: 'listen',
    keys: ['ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 5),
    repeats: true,
  },
  backFine: {
    id: 'backFine',
    label: () => text.actions.backFine,
    group: 'listen',
    keys: ['Shift+ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 1),
    repeats: true,
  },
  forwardFine: {
    id: 'forwardFine',
    label: () => text.actions.forwardFine,
    group: 'listen',
    keys: ['Shift+ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 1),
    repeats: true,
  },
  start: {
    id: 'start',
    label: () => text.actions.start,
    group: 'listen',
    keys: ['Home'],
    when: hasSound,
    run: () => seek(0),
  },
  end: {
    id: 'end',
    label: () => text.actions.end,
    group: 'listen',
    keys: ['End'],
    when: hasSound,
    run: () => seek(listening.duration),
  },
  loop: {
    id: 'loop',
    label: () => text.actions.loop,
    group: 'listen',
    keys: ['Shift+L'],
    when: () => listening.region !== null,
    run: () => setLooping(!listening.looping),
  },
  loopStart: {
    id: 'loopStart',
    label: () => text.actions.loopStart,
    group: 'listen',
    keys: ['['],
    when: hasSound,
    run: () => markRegion('from'),
  },
  loopEnd: {
    id: 'loopEnd',
    label: () => text.actions.loopEnd,
    group: 'listen',
    keys: [']'],
    when: hasSound,
    run: () => markRegion('to'),
  },
  slower: {
    id: 'slower',
    label: () => text.levels.slower,
    group: 'listen',
    keys: ['<'],
    when: () => hasSound() && listening.pace > paces[0],
    run: () => setPace(paces.findLast((pace) => pace < listening.pace)!),
    repeats: true,
  },
  faster: {
    id: 'faster',
    label: () => text.levels.faster,
    group: 'listen',
    keys: ['>'],
    when: () => hasSound() && listening.pace < paces.at(-1)!,
    run: () => setPace(paces.find((pace) => pace > listening.pace)!),
    repeats: true,
  },
  keepPitch: {
    id: 'keepPitch',
    label: () => (listening.keepsPitch ? text.levels.movePitch : text.levels.keepPitch),
    group: 'listen',
    keys: [],
    when: hasSound,
    run: () => setKeepsPitch(!listening.keepsPitch),
  },
  clearLoop: {
    id: 'clearLoop',
    label: () => text.player.clearLoop,
    group: 'listen',
    keys: ['Escape'],
    when: () => listening.region !== null,
    run: () => setRegion(null),
  },
} satisfies Record<string, Action>
