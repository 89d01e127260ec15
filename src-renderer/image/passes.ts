import type { Asset } from '@contract'
import type { Layer } from '../state/seeing.svelte'
import type { LevelTable } from './paint-map'
import type { Pass } from './scene'
import type { Specks } from './specks'

/** The files that a picture document shows; a result that was made before maps were kept has its colours and its mask alone. */
export interface Parts {
  picture: Asset
  map?: Asset | undefined
  heatmap?: Asset | undefined
  mask?: Asset | undefined
  reconstruction?: Asset | undefined
  truth?: Asset | undefined
}

/** How a map is drawn: its colours, and what reaches the line. */
export interface MapLook {
  heat: { table: LevelTable; look: string }
  mask: { table: LevelTable; look: string; specks: Specks | null }
  /** Share of the heat map in the overlay. */
  opacity: number
}

/** Which layers there are of the parts at hand. */
export function layersOf({ map, heatmap, mask, reconstruction, truth }: Parts): Layer[] {
  const hasMap = map !== undefined || heatmap !== undefined
  return [
    'original',
    ...(hasMap ? (['overlay', 'heatmap'] as const) : []),
    ...(map || mask ? (['mask'] as const) : []),
    ...(reconstruction ? (['reconstruction', 'difference'] as const) : []),
    ...(truth ? (['truth'] as const) : []),
  ]
}

/** What is drawn of a layer, the lowest first. */
export function passesOf(layer: Layer, parts: Parts, look: MapLook): Pass[] {
  const { picture, map, heatmap, mask, reconstruction, truth } = parts
  const shown = (asset: Asset | undefined, more: Partial<Extract<Pass, { kind: 'picture' }>> = {}): Pass[] =>
    asset ? [{ kind: 'picture', asset: asset.id, opacity: 1, ...more }] : []
  const heat = (opacity: number): Pass[] =>
    map ? [{ kind: 'map', asset: map.id, opacity, specks: null, ...look.heat }] : shown(heatmap, { opacity })
  switch (layer) {
    case 'original':
      return shown(picture)
    case 'overlay':
      return [...shown(picture), ...heat(look.opacity)]
    case 'heatmap':
      return heat(1)
    case 'mask':
      return map ? [{ kind: 'map', asset: map.id, opacity: 1, ...look.mask }] : shown(mask)
    case 'reconstruction':
      return shown(reconstruction)
    case 'difference':
      return [
        ...shown(picture, { isGrey: reconstruction?.image?.channels === 1 && picture.image?.channels === 3 }),
        ...shown(reconstruction, { isDifference: true }),
      ]
    case 'truth':
      return shown(truth)
  }
}
