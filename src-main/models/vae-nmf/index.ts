import type { ModelFamily } from '../family'
import { evaluateVae } from './evaluate'
import { exportVae } from './exports'
import { importVae } from './import'
import { presets } from './recipe'
import { trainVae } from './train'

/** Speech enhancement by a speech VAE and an NMF of the noise. */
export const vaeNmf: ModelFamily = {
  kind: 'vae-nmf',
  label: 'Speech enhancement (VAE-NMF)',
  presets: Object.keys(presets),
  train: trainVae,
  evaluate: evaluateVae,
  importFile: importVae,
  exports: exportVae,
}
