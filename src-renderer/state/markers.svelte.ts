import type { Asset, Marker } from '@contract'

/** The marker whose name is being changed. */
export const markerDraft = $state({ renaming: null as string | null })

/** Markers of an asset, as records that stay as they are when it changes. */
export const markersOf = (asset: Asset | undefined): Marker[] => (asset?.markers ?? []).map((marker) => ({ ...marker }))
