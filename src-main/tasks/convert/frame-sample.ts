/** Most frames kept are twice as many. */
const fewest = 64
/** Least level of a frame that is given, against the level that one frame in `loudOf` exceeds: a bang makes no silence of the speech around it. */
const leastShare = 0.2
const loudOf = 10

/** Some loud frames of a sound of any length. */
export interface FrameSample {
  add(x: Float32Array): void
  /** Ends the sound, its last frame filled up with zeros. */
  end(): {
    /** Largest level of a frame: the standard deviation of its samples. */
    loudest: number
    /** At least one frame, unless the sound had no samples. */
    frames: Float32Array[]
  }
}

/** Takes the loudest frame [size] of every run of frames; the longer the sound, the longer the runs. */
export function frameSample(size: number): FrameSample {
  let part = new Float32Array(size)
  let filled = 0
  let kept: Frame[] = []
  let run = 1
  let seen = 0

  const close = () => {
    const frame = { x: part, level: deviation(part, filled) }
    if (seen++ % run === 0) kept.push(frame)
    else kept[kept.length - 1] = louder(kept.at(-1)!, frame)
    if (kept.length === 2 * fewest) {
      kept = Array.from({ length: fewest }, (_, i) => louder(kept[2 * i]!, kept[2 * i + 1]!))
      run *= 2
    }
    part = new Float32Array(size)
    filled = 0
  }

  return {
    add(x) {
      for (let at = 0; at < x.length;) {
        const piece = x.subarray(at, at + size - filled)
        part.set(piece, filled)
        filled += piece.length
        at += piece.length
        if (filled === size) close()
      }
    },
    end() {
      if (filled > 0) close()
      const levels = kept.map(({ level }) => level).sort((a, b) => b - a)
      const least = leastShare * (levels[Math.floor(levels.length / loudOf)] ?? 0)
      return { loudest: levels[0] ?? 0, frames: kept.filter(({ level }) => level >= least).map(({ x }) => x) }
    },
  }
}

interface Frame {
  x: Float32Array
  level: number
}

const louder = (a: Frame, b: Frame) => (b.level > a.level ? b : a)

/** Deviation of the first `count` samples from their mean, as if spread over all of `x`. */
function deviation(x: Float32Array, count: number): number {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < count; i++) sum += x[i]!
  for (let i = 0; i < count; i++) squares += (x[i]! - sum / count) ** 2
  return Math.sqrt(squares / x.length)
}
