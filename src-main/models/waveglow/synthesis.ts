import type { Device } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { channelsAt, conditionChannels, isExit, range, reach, stepsPerFrame, type WaveGlowConfig } from './config'
import { openFlows } from './flows'

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
  const { group, hop, early, flows } = config
  const steps = stepsPerFrame(config)
  const margin = Math.ceil(reach(config) / steps)
  const tile = Math.max(4 * margin, Math.min(1024, Math.floor(runBudget / multiplications(config))))
  const network = await openFlows(device, config, weights)
  return {
    halo: Math.ceil((flows * reach(config)) / steps),
    dispose: () => network.dispose(),
    async run(noise, mel, frames, step) {
      const total = frames * steps
      const tiles = Math.ceil(frames / tile)
      let used = group - channelsAt(config, flows - 1)
      let x = noise.slice(used).map((row) => row.subarray(0, total))
      const pass = network.begin(mel, frames)
      try {
        for (const k of range(flows).toReversed()) {
          const flow = await pass.flow(k)
          const next = x.map(() => new Float32Array(total))
          for (let i = 0; i < tiles; i++) {
            const [from, to] = [i * tile, Math.min(frames, (i + 1) * tile)]
            const [first, last] = [Math.max(0, from - margin), Math.min(frames, to + margin)]
            const result = await flow(window(x, first * steps, last * steps), first, last)
            const [skip, width] = [(from - first) * steps, (last - first) * steps]
            for (const [c, row] of next.entries())
              row.set(result.subarray(c * width + skip, c * width + skip + (to - from) * steps), from * steps)
            step?.(((flows - 1 - k) * tiles + i + 1) / (flows * tiles))
          }
          x = next
          if (isExit(config, k)) {
            x = [...noise.slice(used - early.size, used).map((row) => row.subarray(0, total)), ...x]
            used -= early.size
          }
        }
      } finally {
        await pass.end()
      }
      const sound = new Float32Array(frames * hop)
      for (const [c, row] of x.entries()) for (let s = 0; s < total; s++) sound[s * group + c] = row[s]!
      return sound
    },
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
