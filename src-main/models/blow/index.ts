import type { ModelFamily } from '../family'
import { evaluateBlow } from './evaluate'
import { exportBlow } from './exports'
import { importBlow } from './import'
import { presets } from './recipe'
import { trainBlow } from './train'

/** The voice converter Blow: sound of one voice to sound of another. */
export const blow: ModelFamily = {
  kind: 'blow',
  label: 'Voice conversion (Blow)',
  presets: Object.keys(presets),
  train: trainBlow,
  evaluate: evaluateBlow,
  importFile: importBlow,
  exports: exportBlow,
}
