import { compare, isBlind, heardSounds } from '../state/compare.svelte'
import { targetVoice } from '../convert/target-voice'
import {
  hear,
  listening,
  markRegion,
  paces,
  seek,
  setPace,
  setLooping,
  setRegion,
  toggle,
} from '../state/listening.svelte'
import { toggleSample } from '../state/voice-sample.svelte'
import { en } from '../text/en'
import type { Action } from './action'

const label = en.actions
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
  play: { id: 'play', label: label.play, group: 'listen', keys: ['Space'], when: hasSound, run: toggle },
  compare: {
    id: 'compare',
    label: label.compare,
    group: 'listen',
    keys: ['B'],
    when: hasBoth,
    run: switchHeard,
  },
  original: {
    id: 'original',
    label: label.original,
    group: 'listen',
    keys: ['1'],
    when: has('original'),
    run: () => hear('original'),
  },
  result: {
    id: 'result',
    label: label.result,
    group: 'listen',
    keys: ['2'],
    when: has('result'),
    run: () => hear('result'),
  },
  noise: {
    id: 'noise',
    label: label.noise,
    group: 'listen',
    keys: ['N', '3'],
    when: has('noise'),
    run: () => hear(listening.heard === 'noise' ? 'result' : 'noise'),
  },
  voice: {
    id: 'voice',
    label: label.voice,
    group: 'listen',
    keys: ['3'],
    when: () => !isBlind() && targetVoice() !== undefined && !has('noise')(),
    run: () => toggleSample(targetVoice()!.url),
  },
  match: {
    id: 'match',
    label: label.match,
    group: 'listen',
    keys: ['L'],
    when: hasBoth,
    run: () => void (listening.match = !listening.match),
  },
  back: {
    id: 'back',
    label: label.back,
    group: 'listen',
    keys: ['ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 5),
    repeats: true,
  },
  forward: {
    id: 'forward',
    label: label.forward,
    group: 'listen',
    keys: ['ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 5),
    repeats: true,
  },
  backFine: {
    id: 'backFine',
    label: label.backFine,
    group: 'listen',
    keys: ['Shift+ArrowLeft'],
    when: hasSound,
    run: () => seek(listening.time - 1),
    repeats: true,
  },
  forwardFine: {
    id: 'forwardFine',
    label: label.forwardFine,
    group: 'listen',
    keys: ['Shift+ArrowRight'],
    when: hasSound,
    run: () => seek(listening.time + 1),
    repeats: true,
  },
  start: { id: 'start', label: label.start, group: 'listen', keys: ['Home'], when: hasSound, run: () => seek(0) },
  end: {
    id: 'end',
    label: label.end,
    group: 'listen',
    keys: ['End'],
    when: hasSound,
    run: () => seek(listening.duration),
  },
  loop: {
    id: 'loop',
    label: label.loop,
    group: 'listen',
    keys: ['Shift+L'],
    when: () => listening.region !== null,
    run: () => setLooping(!listening.looping),
  },
  loopStart: {
    id: 'loopStart',
    label: label.loopStart,
    group: 'listen',
    keys: ['['],
    when: hasSound,
    run: () => markRegion('from'),
  },
  loopEnd: {
    id: 'loopEnd',
    label: label.loopEnd,
    group: 'listen',
    keys: [']'],
    when: hasSound,
    run: () => markRegion('to'),
  },
  slower: {
    id: 'slower',
    label: en.levels.slower,
    group: 'listen',
    keys: ['<'],
    when: () => hasSound() && listening.pace > paces[0],
    run: () => setPace(paces.findLast((pace) => pace < listening.pace)!),
    repeats: true,
  },
  faster: {
    id: 'faster',
    label: en.levels.faster,
    group: 'listen',
    keys: ['>'],
    when: () => hasSound() && listening.pace < paces.at(-1)!,
    run: () => setPace(paces.find((pace) => pace > listening.pace)!),
    repeats: true,
  },
  clearLoop: {
    id: 'clearLoop',
    label: en.player.clearLoop,
    group: 'listen',
    keys: ['Escape'],
    when: () => listening.region !== null,
    run: () => setRegion(null),
  },
} satisfies Record<string, Action>
