import type { ModelFamily } from '../family'
import { evaluateWaveGlow } from './evaluate'
import { exportWaveGlow } from './exports'
import { importWaveGlow } from './import'
import { presets } from './recipe'
import { trainWaveGlow } from './train'

/** The vocoder WaveGlow: mel spectrograms to sound. */
export const waveGlow: ModelFamily = {
  kind: 'waveglow',
  label: 'Vocoder (WaveGlow)',
  presets: Object.keys(presets),
  train: trainWaveGlow,
  evaluate: evaluateWaveGlow,
  importFile: importWaveGlow,
  exports: exportWaveGlow,
}
