import type { TrainContext } from '../../src-main/models/family'

/** Settings of a Blow that is trained within seconds. */
export const tiny = {
  ...{ sampleRate: '8000', frame: '128', blocks: '3', flows: '2', channels: '16', embedding: '8', batch: '8' },
  ...{ warmup: '1', plateau: '1', checkpoint: '5', validation: '16', preview: '0', average: '0', quietest: '0.5' },
  ...{ spread: '1', augment: '1', noise: '0' },
}

/** A run of ten steps on the recordings in `data`, of which `output` becomes the pack. */
export const trainingContext = (data: string, output: string, more: Partial<TrainContext> = {}): TrainContext => ({
  data: [data],
  output,
  preset: 'small',
  set: tiny,
  steps: 10,
  resume: false,
  device: 'cpu',
  seed: 4,
  command: 'nagare train blow',
  about: { name: 'People', data: { people: 'CC0' } },
  progress: () => {},
  checkCancelled: () => {},
  ...more,
})
