import type { Marks } from '@contract'

export const maskTools = ['brush', 'eraser', 'lasso', 'polygon', 'flood'] as const
export type MaskTool = (typeof maskTools)[number]

/** What is drawn of a mask, and with what. */
export const masks = $state({
  /** Picture that is drawn on; null while none is. */
  editing: null as string | null,
  role: 'truth' as Marks['role'],
  tool: 'brush' as MaskTool,
  /** Pixels of the picture across the brush. */
  size: 24,
  /** The map's value from which on a fill reaches. */
  level: 0.5,
  /** Whether lasso, polygon and fill take away. */
  erase: false,
  /** Whether a mask of what does not count holds for all pictures of the size. */
  everywhere: false,
  saving: false,
})

/** What the open editor does for keys. */
export interface MaskHands {
  draw(): void
  /** Closes the polygon; answers whether there was one. */
  commit(): boolean
  /** Gives up what is being drawn; answers whether there was any. */
  abandon(): boolean
  back(): boolean
  clear(): void
  isDrawing(): boolean
}

let hands: MaskHands | undefined

export const takeHands = (own: MaskHands | undefined) => void (hands = own)
export const maskHands = () => hands
