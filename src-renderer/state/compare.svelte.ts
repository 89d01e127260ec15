import type { Asset } from '@contract'
import { newTrial, placeOf, type Heard, type Side, type Trial } from '../audio/abx'
import { takeDetail } from '../library/take-name'
import { text } from '../text/text.svelte'
import { hear, listening, pause, play, type Role } from './listening.svelte'
import { project } from './project.svelte'
import { resultName, selectedSource, selectedTake, takesOf, type Take } from './selection.svelte'
import { taskFields } from '../text/task-words'

/** One of the sounds that a document lets hear, as its lane and its switch show it. */
export interface Sound {
  role: Role
  letter: string
  name: string
  /** What tells it from others of that name. */
  detail: string
  asset: Asset
  take?: Take
}

/** A blind test: two sounds, the question that is asked now, and how those before were answered. */
export interface BlindTest {
  pair: readonly [Sound, Sound]
  trial: Trial
  heard: Heard
  /** Whether X was told right, question by question. */
  answers: boolean[]
  /** What was answered, while the answer is shown. */
  answered: Side | null
}

const letters = 'ABCDEFGHI'

/** Whether all results stand side by side, and the blind test that is going on. */
export const compare = $state({ all: false, test: null as BlindTest | null })

export const isBlind = () => compare.test !== null

/** The role that a result plays. */
export const roleOf = (job: string): Role => (compare.all ? `take-${job}` : 'result')

function plainSounds(source: Asset, take: Take | undefined): Sound[] {
  const first = source.mel ? text.player.mel : text.player.original
  const cap = text.player.letters
  return [
    { role: 'original', letter: cap.original, name: first, detail: '', asset: source },
    ...(take
      ? [{ role: 'result' as const, letter: cap.result, name: resultName(take), detail: '', asset: take.result, take }]
      : []),
    ...(take?.noise
      ? [{ role: 'noise' as const, letter: cap.noise, name: text.player.noise, detail: '', asset: take.noise }]
      : []),
  ]
}

/** The source and its results in the order they were made: the newest eight, and the chosen one in any case. */
function allSounds(source: Asset, chosen: Take | undefined): Sound[] {
  const takes = takesOf(source.id).filter(({ result }) => result.audio)
  const most = letters.length - 1
  const newest = takes.slice(0, most)
  if (chosen && !newest.some(({ job }) => job === chosen.job)) newest.splice(most - 1, 1, chosen)
  const titleOf = (take: Take) => {
    const task = project.tasks.find(({ id }) => id === take.result.origin?.task)
    const fields = task ? taskFields(task) : []
    return (name: string) => fields.find((field) => field.name === name)?.title ?? name
  }
  return [
    ...plainSounds(source, undefined),
    ...newest.reverse().map((take, i) => ({
      ...{ role: `take-${take.job}` as const, letter: letters[i + 1]!, name: resultName(take) },
      ...{ detail: takeDetail(take, takes, titleOf(take)), asset: take.result, take },
    })),
  ]
}

/** What the document shows lanes of. */
export function shownSounds(): Sound[] {
  const source = selectedSource()
  if (!source) return []
  return compare.all ? allSounds(source, selectedTake()) : plainSounds(source, selectedTake())
}

/** Of what is shown, what can be heard. */
export const heardSounds = () => shownSounds().filter(({ asset }) => asset.audio)

export const soundOf = (role: Role) => shownSounds().find((sound) => sound.role === role)

/** Two sounds are told apart: the one heard and the source, or the source and the first result. */
export function currentPair(): readonly [Sound, Sound] | undefined {
  const [first, second] = heardSounds()
  const heard = soundOf(listening.heard)
  const other = heard && heard.role !== first?.role ? heard : second
  return first && other ? [first, other] : undefined
}

function hearNow(heard: Heard) {
  const { test } = compare
  if (!test) return
  test.heard = heard
  hear(test.pair[placeOf(test.trial, heard)]!.role)
  play()
}

export function beginTest() {
  const pair = currentPair()
  if (!pair) return
  compare.test = { pair, trial: newTrial(), heard: 'x', answers: [], answered: null }
  hearNow('x')
}

export const hearBlind = hearNow

/** Takes an answer and shows whether it was right. */
export function answer(side: Side) {
  const { test } = compare
  if (!test || test.answered) return
  test.answers.push(side === test.trial.x)
  test.answered = side
}

/** Asks anew, with both coins tossed again. */
export function nextTrial() {
  const { test } = compare
  if (!test?.answered) return
  Object.assign(test, { trial: newTrial(), answered: null })
  hearNow('x')
}

export function endTest() {
  const { test } = compare
  compare.test = null
  pause()
  if (test) hear(test.pair[1].role)
}
