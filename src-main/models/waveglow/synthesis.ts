import type { Device, Runner } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { channelsAt, conditionChannels, isExit, range, reach, stepsPerFrame, type WaveGlowConfig } from './config'
import { conditioningProgram, flowProgram } from './inference-programs'
import { conditioningWeights, flowWeights, framesSeen } from './inference-weights'

/** Multiplications that one run may take: about a second of two processor cores, so that stopping never waits longer. */
const runBudget = 50e9

/** The flows backwards: noise → sound. */
export interface Synthesis {
  /** Frames to either side that the sound of a frame depends on. */
  readonly halo: number
  /**
   * Sound of `frames` frames, frames · hop samples. noise: `group` rows of steps, in the order in which the channels left; mel
   * [before + frames + after, mels], the frames seen beyond both ends included. `step` gets the share done; it may throw to stop.
   */
  run(
    noise: readonly Float32Array[],
    mel: Float32Array,
    frames: number,
    step?: (share: number) => void,
  ): Promise<Float32Array>
  dispose(): Promise<void>
}

/**
 * Loads the network for running backwards, each flow as a program of its own: a recording passes through one flow after the other, in tiles that
 * overlap by what the flow's WaveNet sees, so that the result is that of the whole and memory is a few numbers per sample.
 */
export async function openSynthesis(device: Device, config: WaveGlowConfig, weights: NDArrays): Promise<Synthesis> {
  const { group, hop, mels, early, flows } = config
  const steps = stepsPerFrame(config)
  const { before, after } = framesSeen(config)
  const margin = Math.ceil(reach(config) / steps)
  const tile = Math.max(4 * margin, Math.min(1024, Math.floor(runBudget / multiplications(config))))
  const loaded: Runner[] = []
  const dispose = async () => {
    for (const runner of loaded) await runner.dispose()
  }
  const load = async (...args: Parameters<Device['load']>) => {
    const runner = await device.load(...args)
    loaded.push(runner)
    return runner
  }
  try {
    const conditioner = await load(conditioningProgram(config), { params: conditioningWeights(config, weights) })
    const runners: Runner[] = []
    for (const k of range(flows))
      runners.push(await load(flowProgram(config, k), { params: flowWeights(config, weights, k) }))

    const conditionOf = async (mel: Float32Array, from: number, to: number): Promise<NDArray> => {
      const { condition } = await conditioner.run({ mel: sideBySide(mel, mels, from, to, before + 1 + after) })
      return condition!
    }

    return {
      halo: Math.ceil((flows * reach(config)) / steps),
      dispose,
      async run(noise, mel, frames, step) {
        const total = frames * steps
        const tiles = Math.ceil(frames / tile)
        const single = tiles === 1 ? await conditionOf(mel, 0, frames) : undefined
        let used = group - channelsAt(config, flows - 1)
        let x = noise.slice(used).map((row) => row.subarray(0, total))
        for (const k of range(flows).toReversed()) {
          const next = x.map(() => new Float32Array(total))
          for (let i = 0; i < tiles; i++) {
            const [from, to] = [i * tile, Math.min(frames, (i + 1) * tile)]
            const [first, last] = [Math.max(0, from - margin), Math.min(frames, to + margin)]
            const condition = single ?? (await conditionOf(mel, first, last))
            const result = await runners[k]!.run({ x: window(x, first * steps, last * steps), condition })
            const { data } = result['x']!
            const [skip, width] = [(from - first) * steps, (last - first) * steps]
            for (const [c, row] of next.entries())
              row.set(
                (data as Float32Array).subarray(c * width + skip, c * width + skip + (to - from) * steps),
                from * steps,
              )
            step?.(((flows - 1 - k) * tiles + i + 1) / (flows * tiles))
          }
          x = next
          if (isExit(config, k)) {
            x = [...noise.slice(used - early.size, used).map((row) => row.subarray(0, total)), ...x]
            used -= early.size
          }
        }
        const sound = new Float32Array(frames * hop)
        for (const [c, row] of x.entries()) for (let s = 0; s < total; s++) sound[s * group + c] = row[s]!
        return sound
      },
    }
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

/** Multiplications of one frame in one flow. */
function multiplications(config: WaveGlowConfig): number {
  const { layers, channels, kernel, separable } = config.wn
  const filter = separable ? channels * (kernel + 2 * channels) : 2 * channels * channels * kernel
  return stepsPerFrame(config) * layers * (filter + 2 * channels * conditionChannels(config) + channels * channels)
}

/** Rows `from` to `to` of every channel, [1, channels, to − from]. */
function window(x: readonly Float32Array[], from: number, to: number): NDArray {
  const result = float32([1, x.length, to - from])
  for (const [c, row] of x.entries()) result.data.set(row.subarray(from, to), c * (to - from))
  return result
}

/** The `seen` frames around each frame from `from` to `to`, one under the other: [seen · mels, to − from]. mel [.., mels] starts with what lies before frame 0. */
function sideBySide(mel: Float32Array, mels: number, from: number, to: number, seen: number): NDArray {
  const frames = to - from
  const result = float32([seen * mels, frames])
  for (let f = 0; f < seen; f++)
    for (let t = 0; t < frames; t++)
      for (let m = 0; m < mels; m++) result.data[(f * mels + m) * frames + t] = mel[(from + t + f) * mels + m]!
  return result
}
