import type { EditList } from '@contract'
import type { AudioReader, Planar } from '../../src-main/dsp'
import { ratedSource } from '../../src-main/dsp/edit-list/rated-source'
import { rendering } from '../../src-main/dsp/edit-list/render'

/** A reader of sound in memory. */
export function memoryReader(sound: Planar, sampleRate: number): AudioReader {
  const frames = sound[0]!.length
  let position = 0
  return {
    info: { sampleRate, channels: sound.length, frames, container: 'wav', encoding: 'f32' },
    read(count) {
      const from = position
      position = Math.min(frames, from + count)
      return Promise.resolve(from === position ? null : sound.map((x) => x.slice(from, position)))
    },
    seek(frame) {
      position = frame
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
}

/** A list read over sounds in memory, each by its name and with its rate. */
export function renderOver(list: EditList, sounds: Record<string, { sound: Planar; sampleRate: number }>) {
  return rendering(list, (asset) => {
    const found = sounds[asset]
    if (!found) throw new Error(`no sound ${asset}`)
    return Promise.resolve(ratedSource(memoryReader(found.sound, found.sampleRate), list.sampleRate))
  })
}

/** All that a list sounds like. */
export async function soundOf(list: EditList, sounds: Parameters<typeof renderOver>[1]): Promise<Planar> {
  const { plan, read } = renderOver(list, sounds)
  return read(0, plan.frames)
}
