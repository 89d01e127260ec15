/** Every screen that is photographed: the name of its file, its title, and what is seen. */
export const screens = {
  first: ['The first page', 'Before anything was added: what to do, and a sample of each kind to try.'],
  drop: ['A drop', 'Files may be dropped anywhere.'],
  library: ['Library', 'What is in the project, with the results under each recording and picture.'],
  waveform: ['Waveform', 'A recording as it was dropped, with its overview above and its loudness.'],
  spectrogram: [
    'Spectrogram',
    'Above the waveform, with the stretch of levels that the colours span, and how it is shown.',
  ],
  edit: ['Selection and editing', 'A stretch is selected; the bar beneath the title edits it.'],
  level: ['Level of a selection', 'One of the dialogs of editing.'],
  markers: ['Markers', 'Places with names.'],
  running: ['A running job', 'Progress with the time left; the result will appear beneath the original.'],
  queue: ['Queue', 'Several jobs: one runs, others wait, can be moved, paused and stopped.'],
  many: ['Work on many', 'One task for several recordings.'],
  enhanced: ['Enhanced', 'Original, clean voice and the noise that was taken away, on one clock.'],
  compare: ['Compare', 'All results of a recording side by side, one key each.'],
  difference: ['What differs', 'The difference of two, to be heard and seen.'],
  blind: ['Blind test (ABX)', 'Which is which stays hidden until it is answered.'],
  export: ['Export', 'What, and in which format.'],
  several: ['Export several', 'Many results at once, with names by a pattern.'],
  voices: ['Voices', 'Convert: the voices on their cards, to be heard and chosen.'],
  converted: ['Converted', 'The same words in the other voice.'],
  vocode: ['Vocode', 'The mel spectrogram of what is heard, and the sound made from it.'],
  recorder: ['Recorder', 'Microphone, level and time.'],
  talk: ['Live voice', 'Held down, one hears oneself in another voice; how late it comes is shown.'],
  picture: ['A picture, inspected', 'The heatmap over the picture, its score and its regions.'],
  swipe: ['Divider', 'Two layers on both sides of a divider, with rulers in pixels.'],
  side: ['Side by side', 'Two layers with one camera: what the model makes of the picture, and the picture.'],
  figures: [
    'The line and its figures',
    'Scores by label, confusion, ROC and region overlap, and the false alarms that one can live with.',
  ],
  gallery: ['All pictures', 'A batch sorted by score, with its labels and how well the scores tell them apart.'],
  report: ['Export of a batch', 'Report, scores, labels, overlays and masks.'],
  watch: ['Watch a folder', 'Pictures that come into it are added and inspected.'],
  watched: ['A folder that is watched', 'Shown above the library, with what came from it.'],
  mask: ['Mask editor', 'Brush, eraser, lasso, polygon and fill, for defects and for what is left out.'],
  models: ['Models', 'What each was trained on, its licence, and what it was measured to do.'],
  added: ['A model of one’s own', 'Dropped like any file, and removed again where one does not want it.'],
  settings: ['Settings', 'Language, appearance, device and formats.'],
  palette: ['Command palette', 'Every command, recording, picture and setting by its name.'],
  shortcuts: ['Keyboard shortcuts', 'Every key, searched by name or by key.'],
  projects: ['Projects', 'Those there are, and a new one.'],
  refused: ['What could not be added', 'Each file by its name, with what was expected and found.'],
  failed: ['A job that failed', 'Why, what to do, and a report to copy.'],
} as const satisfies Record<string, readonly [title: string, text: string]>

export type Screen = keyof typeof screens

export const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 700 },
] as const

export const themes = ['light', 'dark'] as const

export const fileOf = (screen: Screen, width: number, look: (typeof themes)[number] | 'japanese') =>
  `${screen}-${width}-${look}.webp`
