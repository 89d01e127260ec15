import {
  answer,
  beginTest,
  compare,
  currentPair,
  endTest,
  hearBlind,
  heardSounds,
  isBlind,
  nextTrial,
  type Sound,
} from '../state/compare.svelte'
import { hear, hearDifference, listening } from '../state/listening.svelte'
import { selectedSource, selectedTake, selection, takesOf } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import type { Action } from './action'
const sighted = () => !isBlind()
const asked = () => compare.test !== null && compare.test.answered === null

/** Hears one of the compared sounds; a result is the shown one from then on, with its settings beside it. */
export function hearSound({ role, take }: Sound) {
  if (take) selection.take = take.job
  hear(role)
}

const nth = (n: number): Action => ({
  id: `hear${n}`,
  label: () => text.compare.hearNth('ABCDEFGHI'[n - 1]!),
  group: 'compare',
  keys: [String(n)],
  when: () => sighted() && compare.all && heardSounds()[n - 1] !== undefined,
  run: () => hearSound(heardSounds()[n - 1]!),
})

const [one, two, three, four, five, six, seven, eight, nine] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(nth) as [
  ...[Action, Action, Action, Action, Action, Action, Action, Action, Action],
]

/** How results are told apart: side by side, by what differs, and blindly. In a blind test its keys go before all others. */
export const compareActions = {
  blindA: {
    id: 'blindA',
    label: () => text.compare.actions.blindA,
    group: 'compare',
    keys: ['1'],
    when: isBlind,
    run: () => hearBlind('a'),
  },
  blindB: {
    id: 'blindB',
    label: () => text.compare.actions.blindB,
    group: 'compare',
    keys: ['2'],
    when: isBlind,
    run: () => hearBlind('b'),
  },
  blindX: {
    id: 'blindX',
    label: () => text.compare.actions.blindX,
    group: 'compare',
    keys: ['3'],
    when: isBlind,
    run: () => hearBlind('x'),
  },
  isA: {
    id: 'isA',
    label: () => text.compare.actions.isA,
    group: 'compare',
    keys: ['Shift+A'],
    when: asked,
    run: () => answer('a'),
  },
  isB: {
    id: 'isB',
    label: () => text.compare.actions.isB,
    group: 'compare',
    keys: ['Shift+B'],
    when: asked,
    run: () => answer('b'),
  },
  nextTrial: {
    id: 'nextTrial',
    label: () => text.compare.actions.nextTrial,
    group: 'compare',
    keys: ['Enter'],
    when: () => compare.test !== null && compare.test.answered !== null,
    run: nextTrial,
  },
  endTest: {
    id: 'endTest',
    label: () => text.compare.actions.endTest,
    group: 'compare',
    keys: ['Escape'],
    when: isBlind,
    run: endTest,
  },
  compareAll: {
    id: 'compareAll',
    label: () => text.compare.actions.compareAll,
    group: 'compare',
    keys: ['K'],
    when: () => {
      const source = selectedSource()
      return sighted() && source?.audio !== undefined && (compare.all || takesOf(source.id).length > 0)
    },
    run() {
      const take = selectedTake()
      const { heard } = listening
      compare.all = !compare.all
      if (heard !== 'original' && take) hear(compare.all ? `take-${take.job}` : 'result')
    },
  },
  difference: {
    id: 'difference',
    label: () => text.compare.actions.difference,
    group: 'compare',
    keys: ['D'],
    when: () => sighted() && currentPair() !== undefined,
    run() {
      const [, other] = currentPair()!
      if (listening.difference) hear(listening.heard)
      else {
        if (other.take) selection.take = other.take.job
        hearDifference(other.role)
      }
    },
  },
  blindTest: {
    id: 'blindTest',
    label: () => text.compare.actions.blindTest,
    group: 'compare',
    keys: ['Shift+K'],
    when: () => sighted() && currentPair() !== undefined,
    run: beginTest,
  },
  ...{ one, two, three, four, five, six, seven, eight, nine },
} satisfies Record<string, Action>
