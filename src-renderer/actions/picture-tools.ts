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
import { text } from '../text/text.svelte'
import type { Action } from './action'
import { putLine } from './line'
import { changeSettings } from './settings'

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

const seeAction = (id: string, label: () => string, key: string, layer: Layer): Action => ({
  ...{ id, label, group: 'picture', keys: [key] },
  when: () => canSee(layer),
  run: () => see(layer),
})

const hasTwo = () => seeing.layers.length > 1

/** Tools that look closely at a picture, and move the line between normal and odd. */
export const pictureTools = {
  seeReconstruction: seeAction('seeReconstruction', () => text.tools.actions.seeReconstruction, '5', 'reconstruction'),
  seeDifference: seeAction('seeDifference', () => text.tools.actions.seeDifference, '6', 'difference'),
  seeTruth: seeAction('seeTruth', () => text.tools.actions.seeTruth, '7', 'truth'),
  swipe: {
    id: 'swipe',
    label: () => text.tools.actions.swipe,
    group: 'picture',
    keys: ['W'],
    when: hasTwo,
    run: () => toggleView('swipe'),
  },
  sideBySide: {
    id: 'sideBySide',
    label: () => text.tools.actions.sideBySide,
    group: 'picture',
    keys: ['Shift+W'],
    when: hasTwo,
    run: () => toggleView('side'),
  },
  nextOther: {
    id: 'nextOther',
    label: () => text.tools.actions.nextOther,
    group: 'picture',
    keys: ['Shift+X'],
    when: isComparing,
    run: nextOther,
  },
  dividerLeft: {
    id: 'dividerLeft',
    label: () => text.tools.actions.dividerLeft,
    group: 'picture',
    keys: ['Alt+ArrowLeft'],
    when: () => seeing.view === 'swipe' && isComparing(),
    run: () => moveDivider(seeing.divider - 0.05),
    repeats: true,
  },
  dividerRight: {
    id: 'dividerRight',
    label: () => text.tools.actions.dividerRight,
    group: 'picture',
    keys: ['Alt+ArrowRight'],
    when: () => seeing.view === 'swipe' && isComparing(),
    run: () => moveDivider(seeing.divider + 0.05),
    repeats: true,
  },
  rulers: {
    id: 'rulers',
    label: () => text.tools.actions.rulers,
    group: 'picture',
    keys: ['U'],
    when: isSeeing,
    run: () => void (seeing.rulers = !seeing.rulers),
  },
  figures: {
    id: 'figures',
    label: () => text.tools.actions.figures,
    group: 'picture',
    keys: ['F'],
    when: hasLine,
    run: () => void (seeing.figures = !seeing.figures),
  },
  raiseLine: {
    id: 'raiseLine',
    label: () => text.tools.actions.raiseLine,
    group: 'picture',
    keys: [']'],
    when: hasLine,
    run: () => stepLine(1),
    repeats: true,
  },
  lowerLine: {
    id: 'lowerLine',
    label: () => text.tools.actions.lowerLine,
    group: 'picture',
    keys: ['['],
    when: hasLine,
    run: () => stepLine(-1),
    repeats: true,
  },
  resetLine: {
    id: 'resetLine',
    label: () => text.tools.actions.resetLine,
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
    label: () => text.tools.actions.regionOrder,
    group: 'picture',
    keys: ['Shift+O'],
    when: () => seeing.regions.length > 1,
    run: () => void (seeing.order = seeing.order === 'peak' ? 'area' : 'peak'),
  },
  nextColours: {
    id: 'nextColours',
    label: () => text.tools.actions.nextColours,
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
    label: () => text.tools.actions.setRange,
    group: 'picture',
    keys: ['Shift+S'],
    when: hasLine,
    run: () => void (seeing.setRange = !seeing.setRange),
  },
} satisfies Record<string, Action>
