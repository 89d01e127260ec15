import type { Asset, Marker } from '@contract'
import { doStep } from '../history/history.svelte'
import { isBlind } from '../state/compare.svelte'
import { listening, seek } from '../state/listening.svelte'
import { say } from '../state/live.svelte'
import { markerDraft, markersOf } from '../state/markers.svelte'
import { tellError } from '../state/notices.svelte'
import { assetOf } from '../state/project.svelte'
import { selectedSource } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import { clock } from '../text/format'
import { call } from '../transport/engine'
import type { Action } from './action'
/** Seconds within which the playhead is taken to be at a marker. */
const near = 0.02

/** Puts markers in place of those that an asset has, in a way that can be taken back. */
async function change(asset: Asset, label: string, edit: (markers: Marker[]) => Marker[]) {
  const before = markersOf(asset)
  const after = edit(before).sort((a, b) => a.time - b.time)
  const put = (markers: Marker[]) =>
    call('asset.mark', { asset: asset.id, markers: markers.map((marker) => ({ ...marker })) }).then(() => undefined)
  try {
    await doStep({ label, undo: () => put(before), redo: () => put(after) })
    say(label)
  } catch (error) {
    tellError(text.markers.failed, error)
  }
}

const newId = () => `m-${crypto.getRandomValues(new Uint32Array(2)).join('')}`

function addMarker() {
  const asset = selectedSource()!
  const time = Math.round(1e6 * listening.time) / 1e6
  const used = new Set(markersOf(asset).map(({ name }) => name))
  let n = 1
  while (used.has(text.markers.named(n))) n++
  const marker = { id: newId(), time, name: text.markers.named(n) }
  return change(asset, text.markers.added(marker.name, clock(time, 1)), (markers) => [...markers, marker])
}

export function renameMarker(asset: Asset, marker: Marker, name: string) {
  const given = name.trim()
  if (!given || given === marker.name) return
  return change(asset, text.markers.renamed(given), (markers) =>
    markers.map((each) => (each.id === marker.id ? { ...each, name: given } : each)),
  )
}

export const removeMarker = (asset: Asset, marker: Marker) =>
  change(asset, text.markers.removed(marker.name), (markers) => markers.filter(({ id }) => id !== marker.id))

const canMark = () => !isBlind() && selectedSource()?.audio !== undefined && listening.duration > 0
const all = () => markersOf(selectedSource())
const following = () => all().find(({ time }) => time > listening.time + near)
const preceding = () => all().findLast(({ time }) => time < listening.time - near)
/** The marker at the playhead, else the last before it. */
const current = () => all().findLast(({ time }) => time <= listening.time + near)

function go(marker: Marker) {
  seek(marker.time)
  say(text.markers.at(marker.name, clock(marker.time, 1)))
}

/** What is done with places that a person has named. */
export const markerActions = {
  addMarker: {
    id: 'addMarker',
    label: () => text.markers.actions.add,
    group: 'listen',
    keys: ['Shift+M'],
    when: canMark,
    run: addMarker,
  },
  nextMarker: {
    id: 'nextMarker',
    label: () => text.markers.actions.next,
    group: 'listen',
    keys: ['.'],
    when: () => canMark() && following() !== undefined,
    run: () => go(following()!),
    repeats: true,
  },
  previousMarker: {
    id: 'previousMarker',
    label: () => text.markers.actions.previous,
    group: 'listen',
    keys: [','],
    when: () => canMark() && preceding() !== undefined,
    run: () => go(preceding()!),
    repeats: true,
  },
  renameMarker: {
    id: 'renameMarker',
    label: () => text.markers.actions.rename,
    group: 'listen',
    keys: ['F2'],
    when: () => canMark() && current() !== undefined,
    run: () => void (markerDraft.renaming = current()!.id),
  },
  removeMarker: {
    id: 'removeMarker',
    label: () => text.markers.actions.remove,
    group: 'listen',
    keys: ['Shift+Delete'],
    when: () => canMark() && current() !== undefined,
    run: () => removeMarker(assetOf(selectedSource()!.id)!, current()!),
  },
} satisfies Record<string, Action>
