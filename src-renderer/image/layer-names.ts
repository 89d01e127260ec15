import type { Layer } from '../state/seeing.svelte'
import { text } from '../text/text.svelte'

/** What a layer is called. */
export const layerName = (layer: Layer): string =>
  (({ ...text.picture.layers, ...text.tools.layers }) as Record<Layer, string>)[layer]

/** What its button does. */
export const layerTitle = (layer: Layer): string =>
  layer in text.tools.layerTitles
    ? text.tools.layerTitles[layer as keyof typeof text.tools.layerTitles]
    : text.picture.see(layerName(layer))
