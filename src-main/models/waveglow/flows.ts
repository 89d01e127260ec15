import type { Device, ProgramSpec, Runner } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { conditionChannels, range, type WaveGlowConfig } from './config'
import { conditioningProgram, flowProgram, foldedRows, foldProgram, type FlowForm } from './inference-programs'
import { conditioningWays, conditioningWeights, flowWeights, framesSeen, rowWeights } from './inference-weights'

/** Frames from which a processor's programs hold so much memory for their work that flows which do not share one are loaded in turn. */
const manyFrames = 512

/** The steps of frames `first` to `last` through one flow: x [1, channels, steps] → the same numbers, row by row. */
export type FlowRun = (x: NDArray, first: number, last: number) => Promise<Float32Array>

/** The flows of a network on a device, ready to run backwards. */
export interface Flows {
  /** Starts on a spectrogram: mel [before + frames + after, mels]. Its flows are asked for one after the other, until `end`. */
  begin(mel: Float32Array, frames: number): { flow(k: number): Promise<FlowRun>; end(): Promise<void> }
  dispose(): Promise<void>
}

/**
 * Loads the flows. On the processor in full precision the weights are fed at each run, which copies nothing; elsewhere they are constants of each
 * flow's program, kept on the device.
 */
export async function openFlows(device: Device, config: WaveGlowConfig, weights: NDArrays): Promise<Flows> {
  const { mels, flows, wn } = config
  const { before, after } = framesSeen(config)
  const seen = before + 1 + after
  const precision = device.precision ?? 'float32'
  const fed = device.id === 'cpu' && precision === 'float32'
  const layout = precision === 'int8' && !wn.separable ? 'rows' : 'channels'
  const loaded = new Map<string, Runner>()
  const forget = async (unwanted: (name: string) => boolean) => {
    for (const [name, runner] of loaded) {
      if (!unwanted(name)) continue
      loaded.delete(name)
      await runner.dispose()
    }
  }
  const dispose = () => forget(() => true)
  const load = async (name: string, spec: ProgramSpec, params: () => NDArrays = () => ({})) => {
    const runner = loaded.get(name) ?? (await device.load(spec, { params: params() }))
    loaded.set(name, runner)
    return runner
  }
  const ofFlow = (k: number) => (layout === 'rows' ? rowWeights : flowWeights)(config, weights, k)
  /** What is fed at each run is kept; what the device keeps is not. */
  const feeds = range(fed ? flows : 0).map(ofFlow)
  const ofConditioning = conditioningWeights(config, weights)
  const conditioner = () => load('conditioning', conditioningProgram(config), () => ofConditioning)
  const formOf = (mel: FlowForm['mel']): FlowForm => ({ weights: fed ? 'inputs' : 'constants', mel, layout })
  /** Flows of one shape share their program where weights are fed. */
  const nameOf = (k: number, mel: FlowForm['mel']) => `${mel} ${fed ? flowProgram(config, k, formOf(mel)).key : k}`
  const program = (k: number, mel: FlowForm['mel']) =>
    load(nameOf(k, mel), flowProgram(config, k, formOf(mel)), fed ? undefined : () => ofFlow(k))

  /** Flow `k` on conditioning that is computed for each tile. */
  const conditioned = async (mel: Float32Array, k: number, alone: boolean): Promise<FlowRun> => {
    if (alone) await forget((name) => name.startsWith('condition ') && name !== nameOf(k, 'condition'))
    const [runner, conditioning] = [await program(k, 'condition'), await conditioner()]
    const given = feeds[k] ?? {}
    return async (x, first, last) => {
      const { condition } = await conditioning.run({ mel: sideBySide(mel, mels, first, last, seen) })
      return numbers(await runner.run({ x, condition: condition!, ...given }))
    }
  }

  /** Flow `k` on its conditioning multiplied out: as much work as many frames' conditioning, and half of the work on each. */
  const folded = async (mel: Float32Array, k: number): Promise<FlowRun> => {
    const folding = await load('folding', foldProgram(config))
    // Programs for long recordings hold much memory: flows of one shape follow each other, so one is kept at a time.
    await forget((name) => name.startsWith('folded') && name !== nameOf(k, 'folded'))
    const ways = conditioningWays(config, ofConditioning)
    const given = Object.fromEntries(Object.entries(feeds[k]!).filter(([name]) => !name.startsWith('condition.')))
    for (const i of range(wn.layers)) {
      const [weight, bias] = [feeds[k]![`condition.${i}.weight`]!, feeds[k]![`condition.${i}.bias`]!]
      given[`folded.${i}`] = (await folding.run({ weight, bias, ways }))['folded']!
    }
    const runner = await program(k, 'folded')
    return async (x, first, last) =>
      numbers(await runner.run({ x, mel: sideBySide(mel, mels, first, last, seen, true), ...given }))
  }

  try {
    for (const k of range(flows)) await program(k, 'condition')
    await conditioner()
  } catch (thrown) {
    await dispose()
    throw thrown
  }
  return {
    dispose,
    begin(mel, frames) {
      const [narrow, wide] = [foldedRows(config), conditionChannels(config)]
      const pays = fed && wide > narrow && frames > (narrow * wide) / (wide - narrow)
      const alone = device.id === 'cpu' && !fed && frames > manyFrames
      return {
        flow: (k) => (pays ? folded(mel, k) : conditioned(mel, k, alone)),
        end: () => forget((name) => name.startsWith('fold')),
      }
    },
  }
}

const numbers = (outputs: NDArrays) => outputs['x']!.data as Float32Array

/**
 * The `seen` frames around each frame from `from` to `to`, one under the other, with a row of ones below where asked for: [rows, to − from].
 * mel [.., mels] starts with what lies before frame 0.
 */
function sideBySide(mel: Float32Array, mels: number, from: number, to: number, seen: number, ones = false): NDArray {
  const frames = to - from
  const result = float32([seen * mels + (ones ? 1 : 0), frames])
  for (let f = 0; f < seen; f++)
    for (let t = 0; t < frames; t++)
      for (let m = 0; m < mels; m++) result.data[(f * mels + m) * frames + t] = mel[(from + t + f) * mels + m]!
  if (ones) result.data.fill(1, seen * mels * frames)
  return result
}
