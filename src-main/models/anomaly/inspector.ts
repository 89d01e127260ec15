import type { Readable } from '../../image'
import { NagareError } from '../../lib/errors'
import { lineOf, onScale, weigher, type Calibration } from './calibration'
import type { Detector } from './detector'
import { openScanner, type Band, type Bands, type ScanHooks, type Terms } from './scanner'
import type { View } from './view'

/** What a model says of one picture, on the scale whose 0.5 is where good ends. */
export interface Inspected {
  /** 0 to 1; 0.25 is a typical normal picture. */
  score: number
  /** The score before it is brought to that scale, in standard deviations of normal pictures. */
  raw: number
  terms: Terms
}

/** A model that inspects pictures. */
export interface Inspector {
  readonly view: View
  readonly together: number
  /** Inspects pictures; `use` gets each one's map on the scale of 0 to 1 and reads it to its end. Throws `corrupt` for results that are no numbers. */
  inspect(
    pictures: readonly Readable[],
    use: (index: number, bands: Bands) => Promise<void>,
    hooks?: ScanHooks,
  ): Promise<Inspected[]>
  close(): Promise<void>
}

export interface InspectorOptions {
  /** Share of alarms among new normal pictures that puts the line; the pack's own rule where left out. */
  falseAlarms?: number | undefined
}

/** An inspector whose scale stands on a calibration; `close` closes the detector. */
export function openInspector(
  detector: Detector,
  view: View,
  calibration: Calibration,
  { falseAlarms }: InspectorOptions = {},
): Inspector {
  const scanner = openScanner(detector, view)
  const line = lineOf(calibration, detector.weights, falseAlarms)
  const weigh = weigher(calibration, detector.weights)
  return {
    view,
    together: scanner.together,
    async inspect(pictures, use, hooks) {
      const found = await scanner.scan(
        pictures,
        (i, bands) =>
          use(
            i,
            mapped(bands, (value) => onScale(value, line.map)),
          ),
        hooks,
      )
      return found.map((terms) => {
        const raw = weigh(terms)
        if (!Number.isFinite(raw))
          throw new NagareError('corrupt', 'The model gives no number for a picture: its weights are damaged.', {
            hint: 'Get the model again, or train it with a lower learningRate.',
          })
        return { score: onScale(raw, line.score), raw, terms }
      })
    },
    close: () => scanner.close(),
  }
}

async function* mapped(bands: Bands, use: (value: number) => number): AsyncGenerator<Band> {
  for await (const { data, ...band } of bands) yield { ...band, data: data.map(use) }
}
