import type { Layer } from '../state/seeing.svelte'
import { en } from '../text/en'

/** What a layer is called. */
export const layerName = (layer: Layer): string =>
  (({ ...en.picture.layers, ...en.tools.layers }) as Record<Layer, string>)[layer]

/** What its button does. */
export const layerTitle = (layer: Layer): string =>
  layer in en.tools.layerTitles
    ? en.tools.layerTitles[layer as keyof typeof en.tools.layerTitles]
    : en.picture.see(layerName(layer))
