import { masks, maskHands, type MaskTool } from '../state/masks.svelte'
import { gallery } from '../state/gallery.svelte'
import { selectedSource } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import type { Action } from './action'
const isEditing = () => masks.editing !== null && !gallery.open
const largest = 1000

/** Brush sizes grow by a tenth, at least by one pixel. */
const sized = (by: number) => {
  const step = Math.max(1, Math.round(masks.size * 0.1))
  masks.size = Math.min(largest, Math.max(1, masks.size + by * step))
}

const tool = (
  id: 'maskBrush' | 'maskEraser' | 'maskLasso' | 'maskPolygon' | 'maskFlood',
  key: string,
  to: MaskTool,
): Action => ({
  id,
  label: () => text.maskActions[id],
  group: 'masks',
  keys: [key],
  when: isEditing,
  run() {
    maskHands()?.abandon()
    masks.tool = to
  },
})

/** What is done with masks that are drawn by hand. */
export const maskActions = {
  maskEdit: {
    id: 'maskEdit',
    label: () => text.maskActions.maskEdit,
    group: 'masks',
    keys: ['K'],
    when: () => !gallery.open && selectedSource()?.image !== undefined,
    run() {
      const id = selectedSource()!.id
      masks.editing = masks.editing === id ? null : id
    },
  },
  maskBrush: tool('maskBrush', 'B', 'brush'),
  maskEraser: tool('maskEraser', 'E', 'eraser'),
  maskLasso: tool('maskLasso', 'L', 'lasso'),
  maskPolygon: tool('maskPolygon', 'P', 'polygon'),
  maskFlood: tool('maskFlood', 'F', 'flood'),
  maskSmaller: {
    id: 'maskSmaller',
    label: () => text.maskActions.maskSmaller,
    group: 'masks',
    keys: ['['],
    when: isEditing,
    run: () => sized(-1),
    repeats: true,
  },
  maskLarger: {
    id: 'maskLarger',
    label: () => text.maskActions.maskLarger,
    group: 'masks',
    keys: [']'],
    when: isEditing,
    run: () => sized(1),
    repeats: true,
  },
  maskRole: {
    id: 'maskRole',
    label: () => text.maskActions.maskRole,
    group: 'masks',
    keys: ['I'],
    when: isEditing,
    run: () => void (masks.role = masks.role === 'truth' ? 'ignore' : 'truth'),
  },
  maskDraw: {
    id: 'maskDraw',
    label: () => text.maskActions.maskDraw,
    group: 'masks',
    keys: ['D', 'Space'],
    when: isEditing,
    run: () => maskHands()?.draw(),
    repeats: true,
  },
  maskCommit: {
    id: 'maskCommit',
    label: () => text.maskActions.maskCommit,
    group: 'masks',
    keys: ['Enter'],
    when: () => isEditing() && (maskHands()?.isDrawing() ?? false),
    run: () => void maskHands()?.commit(),
  },
  maskBack: {
    id: 'maskBack',
    label: () => text.ui.undo,
    group: 'masks',
    keys: ['Backspace'],
    when: () => isEditing() && (maskHands()?.isDrawing() ?? false),
    run: () => void maskHands()?.back(),
  },
  maskClear: {
    id: 'maskClear',
    label: () => text.maskActions.maskClear,
    group: 'masks',
    keys: ['Shift+Delete'],
    when: isEditing,
    run: () => maskHands()?.clear(),
  },
  maskClose: {
    id: 'maskClose',
    label: () => text.maskActions.maskClose,
    group: 'masks',
    keys: ['Escape'],
    when: isEditing,
    run() {
      if (!maskHands()?.abandon()) masks.editing = null
    },
  },
} satisfies Record<string, Action>
