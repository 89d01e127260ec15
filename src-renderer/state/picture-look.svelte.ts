/** How frequencies lie on the axis of a spectrogram. */
export type Axis = 'linear' | 'log' | 'mel'
export type Colours = 'teal' | 'fire' | 'grey' | 'paper'
/** Whether the spectrogram stands above the waveforms, or by itself. */
export type Layout = 'stacked' | 'alone'

export interface PictureLook {
  /** Null for what suits the sound: linear up to 24 kHz, mel above. */
  axis: Axis | null
  colours: Colours
  layout: Layout
}

const key = 'nagare.spectrogram'
const usual: PictureLook = { axis: null, colours: 'teal', layout: 'stacked' }
const allowed = {
  axis: [null, 'linear', 'log', 'mel'],
  colours: ['teal', 'fire', 'grey', 'paper'],
  layout: ['stacked', 'alone'],
} as const

/** What was kept in this browser, value by value where it still makes sense. */
function kept(): PictureLook {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? '{}') as Record<string, unknown>
    const valid = Object.entries(allowed).filter(
      ([name, values]) => name in found && (values as readonly unknown[]).includes(found[name]),
    )
    return { ...usual, ...Object.fromEntries(valid.map(([name]) => [name, found[name]])) }
  } catch {
    return usual
  }
}

/** How spectrograms are shown in this window and those to come. */
export const pictureLook: PictureLook = $state(kept())

export function changeLook(change: Partial<PictureLook>) {
  Object.assign(pictureLook, change)
  localStorage.setItem(key, JSON.stringify(pictureLook))
}
