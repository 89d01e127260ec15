import { joinSignals, resampler } from '../dsp'

/** Brings sound that arrives in pieces to a rate and an exact length. */
export interface Fit {
  push(x: Float32Array): Float32Array
  /** Ends the sound and returns the rest; in all there are as many samples as were asked for. */
  flush(): Float32Array
}

/**
 * From `from` Hz to `samples` samples at `to` Hz: what is too long is cut before it is resampled, so that the end of the sound is not coloured by
 * what lies behind it; what two roundings leave missing is filled with silence.
 */
export function fit({ from, to, samples }: { from: number; to: number; samples: number }): Fit {
  const converter = resampler(from, to)
  let wanted = Math.round((samples * from) / to)
  let left = samples
  const taken = (x: Float32Array) => {
    const part = x.subarray(0, left)
    left -= part.length
    return part
  }
  return {
    push(x) {
      const part = x.subarray(0, wanted)
      wanted -= part.length
      return taken(converter.push(part))
    },
    flush() {
      const rest = taken(converter.flush())
      return left > 0 ? joinSignals([rest, new Float32Array(left)]) : rest
    },
  }
}
