/** A seeded source of random numbers (xoshiro128**), whose state can be saved and restored. */
export interface Random {
  /** 32 random bits as an unsigned integer. */
  bits(): number
  /** Uniform in [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Integer in [0, below). */
  integer(below: number): number
  /** Fills `out` with standard normals times `scale`. */
  fillNormal(out: Float32Array, scale?: number): Float32Array
  /** Fills `out` with uniforms in [0, 1). */
  fillUniform(out: Float32Array): Float32Array
  /** Order of 0..count-1, shuffled. */
  shuffle(count: number): Uint32Array
  /** The state, four 32-bit words; `random(0, state)` continues from it. */
  state(): [number, number, number, number]
}

/** SplitMix32: spreads one seed over independent words (Steele et al., 2014). */
function splitMix(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}

/** Ziggurat tables of the standard normal with 128 layers (Marsaglia & Tsang, 2000). */
const layers = (() => {
  const tail = 3.442619855899
  const area = 9.91256303526217e-3
  const k = new Uint32Array(128)
  const w = new Float64Array(128)
  const f = new Float64Array(128)
  const scale = 2147483648
  let d = tail
  let previous = tail
  const q = area / Math.exp(-0.5 * d * d)
  k[0] = (d / q) * scale
  k[1] = 0
  w[0] = q / scale
  w[127] = d / scale
  f[0] = 1
  f[127] = Math.exp(-0.5 * d * d)
  for (let i = 126; i >= 1; i--) {
    d = Math.sqrt(-2 * Math.log(area / d + Math.exp(-0.5 * d * d)))
    k[i + 1] = (d / previous) * scale
    previous = d
    f[i] = Math.exp(-0.5 * d * d)
    w[i] = d / scale
  }
  return { k, w, f, tail }
})()

/** A generator for `seed`; equal seeds give equal numbers on every machine. */
export function random(seed: number, state?: readonly [number, number, number, number]): Random {
  const next = splitMix(seed)
  let [a, b, c, d] = state ?? [next(), next(), next(), next()]

  const bits = () => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  const uniform = () => bits() / 4294967296
  const normal = (): number => {
    const { k, w, f, tail } = layers
    for (;;) {
      const signed = bits() | 0
      const layer = signed & 127
      const x = signed * w[layer]!
      if (Math.abs(signed) < k[layer]!) return x
      if (layer === 0) {
        let out: number
        let y: number
        do {
          out = -Math.log(1 - uniform()) / tail
          y = -Math.log(1 - uniform())
        } while (y + y < out * out)
        return signed > 0 ? tail + out : -tail - out
      }
      if (f[layer]! + uniform() * (f[layer - 1]! - f[layer]!) < Math.exp(-0.5 * x * x)) return x
    }
  }
  const integer = (below: number) => Math.floor(uniform() * below)
  return {
    bits,
    uniform,
    normal,
    integer,
    fillNormal(out, scale = 1) {
      for (let i = 0; i < out.length; i++) out[i] = normal() * scale
      return out
    },
    fillUniform(out) {
      for (let i = 0; i < out.length; i++) out[i] = bits() / 4294967296
      return out
    },
    shuffle(count) {
      const order = Uint32Array.from({ length: count }, (_, i) => i)
      for (let i = count - 1; i > 0; i--) {
        const j = integer(i + 1)
        const kept = order[i]!
        order[i] = order[j]!
        order[j] = kept
      }
      return order
    },
    state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
  }
}
