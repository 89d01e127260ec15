import {
  canSee,
  isActual,
  isFitted,
  isSeeing,
  panPicture,
  see,
  seeing,
  showActual,
  stepRegion,
} from '../state/seeing.svelte'
import { text } from '../text/text.svelte'
import type { Action } from './action'
/** CSS pixels that one press moves a picture by. */
const stride = 64

const hasMask = () => canSee('mask')
const hasRegions = () => seeing.regions.length > 0
const canPan = () => isSeeing() && !isFitted()

/** Moves the picture under the middle of the view, which is then aimed at. */
function pan(across: number, down: number) {
  panPicture(across * stride, down * stride)
  seeing.aim = true
  seeing.pointer = null
}

/** What is done with a picture alone. */
export const pictureActions = {
  comparePicture: {
    id: 'comparePicture',
    label: () => text.actions.comparePicture,
    group: 'picture',
    keys: ['B'],
    when: () => canSee('overlay'),
    run: () => see(seeing.layer === 'original' ? 'overlay' : 'original'),
  },
  seeOriginal: {
    id: 'seeOriginal',
    label: () => text.actions.seeOriginal,
    group: 'picture',
    keys: ['1'],
    when: isSeeing,
    run: () => see('original'),
  },
  seeOverlay: {
    id: 'seeOverlay',
    label: () => text.actions.seeOverlay,
    group: 'picture',
    keys: ['2'],
    when: () => canSee('overlay'),
    run: () => see('overlay'),
  },
  seeHeatmap: {
    id: 'seeHeatmap',
    label: () => text.actions.seeHeatmap,
    group: 'picture',
    keys: ['3'],
    when: () => canSee('heatmap'),
    run: () => see('heatmap'),
  },
  seeMask: {
    id: 'seeMask',
    label: () => text.actions.seeMask,
    group: 'picture',
    keys: ['4'],
    when: hasMask,
    run: () => see('mask'),
  },
  outline: {
    id: 'outline',
    label: () => text.actions.outline,
    group: 'picture',
    keys: ['O'],
    when: hasMask,
    run: () => void (seeing.outline = !seeing.outline),
  },
  nextRegion: {
    id: 'nextRegion',
    label: () => text.actions.nextRegion,
    group: 'picture',
    keys: ['N'],
    when: hasRegions,
    run: () => stepRegion(1),
    repeats: true,
  },
  previousRegion: {
    id: 'previousRegion',
    label: () => text.actions.previousRegion,
    group: 'picture',
    keys: ['Shift+N'],
    when: hasRegions,
    run: () => stepRegion(-1),
    repeats: true,
  },
  actualPixels: {
    id: 'actualPixels',
    label: () => text.actions.actualPixels,
    group: 'picture',
    keys: ['P'],
    when: () => isSeeing() && !isActual(),
    run: showActual,
  },
  panLeft: {
    id: 'panLeft',
    label: () => text.actions.panLeft,
    group: 'picture',
    keys: ['Shift+ArrowLeft', 'ArrowLeft'],
    when: canPan,
    run: () => pan(-1, 0),
    repeats: true,
  },
  panRight: {
    id: 'panRight',
    label: () => text.actions.panRight,
    group: 'picture',
    keys: ['Shift+ArrowRight', 'ArrowRight'],
    when: canPan,
    run: () => pan(1, 0),
    repeats: true,
  },
  panUp: {
    id: 'panUp',
    label: () => text.actions.panUp,
    group: 'picture',
    keys: ['Shift+ArrowUp'],
    when: canPan,
    run: () => pan(0, -1),
    repeats: true,
  },
  panDown: {
    id: 'panDown',
    label: () => text.actions.panDown,
    group: 'picture',
    keys: ['Shift+ArrowDown'],
    when: canPan,
    run: () => pan(0, 1),
    repeats: true,
  },
} satisfies Record<string, Action>
