import type { Readable } from '../../image'
import { random } from '../../lib/random'
import { columns, median, type Calibration } from './calibration'
import { openSample, withOpened, type Hooks, type Sample } from './material'
import { drained, openScanner, type Bands, type Scanner, type Terms } from './scanner'
import type { Detector } from './detector'
import type { View } from './view'

/** Most held-out normal pictures that a calibration looks at. */
export const mostCalibrated = 1000
/** Pixels of each map that the typical value is found by. */
const PIXELS = 500

/** A map's largest value, and some of its values at random places. */
async function mapFacts(bands: Bands, share: number, draws: () => number): Promise<{ most: number; some: number[] }> {
  let most = -Infinity
  const some: number[] = []
  for await (const { data } of bands)
    for (const value of data) {
      if (value > most) most = value
      if (share >= 1 || draws() < share) some.push(value)
    }
  return { most, some }
}

/** Every picture's terms and map facts, in batches. */
async function scanAll(
  scanner: Scanner,
  samples: readonly Sample[],
  phase: string,
  { progress, checkCancelled }: Hooks,
): Promise<{ terms: Terms[]; most: number[]; typical: number }> {
  const draws = random(1)
  const openers = samples.map((sample) => () => openSample(sample))
  const terms: Terms[] = []
  const most: number[] = []
  const pixels: number[] = []
  for (let first = 0; first < samples.length; first += scanner.together)
    await withOpened(openers.slice(first, first + scanner.together), async (pictures) => {
      const use = async (i: number, bands: Bands) => {
        const { width, height } = pictures[i]!.info
        const facts = await mapFacts(bands, PIXELS / (width * height), draws.uniform)
        most.push(facts.most)
        pixels.push(...facts.some)
      }
      terms.push(...(await scanner.scan(pictures, use, { progress: checkCancelled })))
      progress({ phase, done: Math.min(samples.length, first + scanner.together), total: samples.length })
    })
  return { terms, most, typical: median(pixels) }
}

/**
 * What a detector finds in held-out normal pictures, and by the rule `f1` in odd ones too: labelled defects where there are any, else the painted ones
 * given. Closes nothing.
 */
export async function calibrateDetector(
  detector: Detector,
  view: View,
  {
    held,
    odd,
    painted,
    rule,
  }: { held: readonly Sample[]; odd: readonly Sample[]; painted: readonly Readable[]; rule: Calibration['rule'] },
  hooks: Hooks,
): Promise<Calibration> {
  const scanner = openScanner(detector, view)
  const normal = await scanAll(scanner, held.slice(0, mostCalibrated), 'Looking at held-out pictures', hooks)
  const told = { normal: columns(normal.terms), rule, map: { typical: normal.typical, most: normal.most } }
  if (rule === 'false-alarms') return { ...told, synthetic: false }
  const labelled = odd.slice(0, mostCalibrated)
  const found =
    labelled.length > 0
      ? (await scanAll(scanner, labelled, 'Looking at known defects', hooks)).terms
      : await scanner.scan(painted, async (_, bands) => drained(bands), {
          progress: hooks.checkCancelled,
        })
  return { ...told, ...(found.length > 0 ? { odd: columns(found) } : {}), synthetic: labelled.length === 0 }
}
