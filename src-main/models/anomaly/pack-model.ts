import { z } from 'zod'
import type { Device } from '../../compute'
import { NagareError } from '../../lib/errors'
import type { OpenPack } from '../../packs'
import { Calibration } from './calibration'
import { openInspector, type Inspector, type InspectorOptions } from './inspector'
import { DetectorCard, type DetectorModel, type DetectorSpec } from './spec'

/** Name of the file of a pack that holds its calibrations. */
export const calibrationFile = 'calibration.json'

const mostBytes = 20e6

/** The detector in a pack. Throws `corrupt` where card and calibration do not fit. */
export async function detectorModel(pack: OpenPack): Promise<DetectorModel & { card: DetectorCard }> {
  const { path, manifest, weights } = pack
  const bad = (why: string) =>
    new NagareError('corrupt', `${path}: ${why}.`, { file: path, hint: 'Get the model again.' })
  const card = DetectorCard.safeParse(manifest.config)
  if (!card.success) throw bad(`its configuration is not a detector's (${card.error.issues[0]!.path.join('.')})`)
  const text = Buffer.from(await pack.file(calibrationFile, mostBytes)).toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw bad(`${calibrationFile} is no JSON`)
  }
  const calibrations = z.record(z.string(), Calibration).safeParse(json)
  if (!calibrations.success) throw bad(`${calibrationFile}: ${calibrations.error.issues[0]!.path.join('.')}`)
  const missing = card.data.methods.find((method) => !calibrations.data[method])
  if (missing) throw bad(`${calibrationFile} lacks ${missing}`)
  const { view, model } = card.data
  return { kind: manifest.kind, view, config: model, weights, calibrations: calibrations.data, card: card.data }
}

export interface InspectOptions extends InspectorOptions {
  /** A way to score; the pack's usual one where left out. */
  method?: string | undefined
  kappa?: number | undefined
  seed?: number
}

/** Opens a pack for inspecting. Throws `bad-input` for a way to score that the pack is not calibrated for. */
export async function openPackInspector(
  spec: DetectorSpec,
  pack: OpenPack,
  device: Device,
  { method, kappa, seed = 0, falseAlarms }: InspectOptions = {},
): Promise<Inspector & { method: string; calibration: Calibration }> {
  const { view, config, weights, calibrations, card } = await detectorModel(pack)
  const chosen = method ?? card.methods[0]!
  const calibration = calibrations[chosen]
  if (!calibration)
    throw new NagareError(
      'bad-input',
      `${pack.path} cannot score by ${chosen}; it can by: ${card.methods.join(', ')}.`,
      {
        hint: chosen === 'search' ? 'Train it with --set search=64 to calibrate the search.' : 'Choose one of these.',
        file: pack.path,
      },
    )
  const detector = await spec.open({ config, weights }, device, { method: chosen, kappa, seed })
  return { ...openInspector(detector, view, calibration, { falseAlarms }), method: chosen, calibration }
}
