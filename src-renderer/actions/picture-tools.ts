import { heatColours } from '@contract'
import { findsOf } from '../image/finds'
import { lineOf, madeWith, sameLine } from '../state/line.svelte'
import { project } from '../state/project.svelte'
import {
  canSee,
  isComparing,
  isSeeing,
  moveDivider,
  nextOther,
  see,
  seeing,
  toggleView,
  type Layer,
} from '../state/seeing.svelte'
import { selectedTake } from '../state/selection.svelte'
import { en } from '../text/en'
import type { Action } from './action'
import { putLine } from './line'
import { changeSettings } from './settings'

const label = en.tools.actions

/** The inspected result that is looked at, where its line can be moved. */
const inspected = () => {
  const origin = isSeeing() ? selectedTake()?.result.origin : undefined
  return origin && findsOf(origin) && canSee('heatmap') ? origin : undefined
}
const hasLine = () => inspected() !== undefined

/** Moves the line by hundredths, onto whole ones. */
function stepLine(by: number) {
  const origin = inspected()!
  const next = (Math.round(lineOf(origin).threshold * 100) + by) / 100
  return putLine(origin, { threshold: Math.min(1, Math.max(0, next)) })
}

const seeAction = (id: string, text: string, key: string, layer: Layer): Action => ({
  ...{ id, label: text, group: 'picture', keys: [key] },
  when: () => canSee(layer),
  run: () => see(layer),
})

const hasTwo = () => seeing.layers.length > 1

/** Tools that look closely at a picture, and move the line between normal and odd. */
export const pictureTools = {
  seeReconstruction: seeAction('seeReconstruction', label.seeReconstruction, '5', 'reconstruction'),
  seeDifference: seeAction('seeDifference', label.seeDifference, '6', 'difference'),
  seeTruth: seeAction('seeTruth', label.seeTruth, '7', 'truth'),
  swipe: {
    id: 'swipe',
    label: label.swipe,
    group: 'picture',
    keys: ['W'],
    when: hasTwo,
    run: () => toggleView('swipe'),
  },
  sideBySide: {
    id: 'sideBySide',
    label: label.sideBySide,
    group: 'picture',
    keys: ['Shift+W'],
    when: hasTwo,
    run: () => toggleView('side'),
  },
  nextOther: {
    id: 'nextOther',
    label: label.nextOther,
    group: 'picture',
    keys: ['Shift+B'],
    when: isComparing,
    run: nextOther,
  },
  dividerLeft: {
    id: 'dividerLeft',
    label: label.dividerLeft,
    group: 'picture',
    keys: ['Alt+ArrowLeft'],
    when: () => seeing.view === 'swipe' && isComparing(),
    run: () => moveDivider(seeing.divider - 0.05),
    repeats: true,
  },
  dividerRight: {
    id: 'dividerRight',
    label: label.dividerRight,
    group: 'picture',
    keys: ['Alt+ArrowRight'],
    when: () => seeing.view === 'swipe' && isComparing(),
    run: () => moveDivider(seeing.divider + 0.05),
    repeats: true,
  },
  rulers: {
    id: 'rulers',
    label: label.rulers,
    group: 'picture',
    keys: ['U'],
    when: isSeeing,
    run: () => void (seeing.rulers = !seeing.rulers),
  },
  figures: {
    id: 'figures',
    label: label.figures,
    group: 'picture',
    keys: ['K'],
    when: hasLine,
    run: () => void (seeing.figures = !seeing.figures),
  },
  raiseLine: {
    id: 'raiseLine',
    label: label.raiseLine,
    group: 'picture',
    keys: [']'],
    when: hasLine,
    run: () => stepLine(1),
    repeats: true,
  },
  lowerLine: {
    id: 'lowerLine',
    label: label.lowerLine,
    group: 'picture',
    keys: ['['],
    when: hasLine,
    run: () => stepLine(-1),
    repeats: true,
  },
  resetLine: {
    id: 'resetLine',
    label: label.resetLine,
    group: 'picture',
    keys: ['\\'],
    when: () => {
      const origin = inspected()
      return origin !== undefined && !sameLine(lineOf(origin), madeWith(origin))
    },
    run: () => putLine(inspected()!, null),
  },
  regionOrder: {
    id: 'regionOrder',
    label: label.regionOrder,
    group: 'picture',
    keys: ['Shift+O'],
    when: () => seeing.regions.length > 1,
    run: () => void (seeing.order = seeing.order === 'peak' ? 'area' : 'peak'),
  },
  nextColours: {
    id: 'nextColours',
    label: label.nextColours,
    group: 'picture',
    keys: ['Shift+C'],
    when: hasLine,
    run: () => {
      const at = heatColours.indexOf(project.settings.heatColours ?? heatColours[0])
      return changeSettings({ heatColours: heatColours[(at + 1) % heatColours.length]! })
    },
  },
  setRange: {
    id: 'setRange',
    label: label.setRange,
    group: 'picture',
    keys: ['Shift+S'],
    when: hasLine,
    run: () => void (seeing.setRange = !seeing.setRange),
  },
} satisfies Record<string, Action>
