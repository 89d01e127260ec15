import type { Box, Camera } from './camera'
import type { LevelTable } from './paint-map'
import type { Specks } from './specks'
import type { Size } from './tile-grid'

/** One thing that is drawn over the ones before it. */
export type Pass =
  | {
      kind: 'picture'
      asset: string
      opacity: number
      /** The absolute difference from what lies under it, in place of itself. */
      isDifference?: boolean
      /** In grey, by the luma of ITU-R BT.709. */
      isGrey?: boolean
    }
  | {
      kind: 'map'
      asset: string
      opacity: number
      table: LevelTable
      /** What its tiles are kept by: it changes with table and specks. */
      look: string
      specks: Specks | null
    }

/** A part of the view, CSS pixels from `x` on, and how far the picture is shifted to the right in it. */
export interface Pane {
  x: number
  width: number
  shift: number
  passes: readonly Pass[]
}

/** The edges of what reaches a level of a map. */
export interface MapOutline {
  asset: string
  from: number
  look: string
  specks: Specks | null
}

/** What is drawn of a picture. */
export interface Scene {
  camera: Camera
  size: Size
  panes: readonly Pane[]
  outline: MapOutline | undefined
  /** A box that is pointed at. */
  marked: Box | undefined
  rulers: boolean
  /** Colours: of the lines, of what sets them off, of the box, of the rulers and what is written there. */
  colours: { line: string; halo: string; mark: string; ruler: string; text: string }
}
