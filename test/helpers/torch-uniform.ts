/** 32 random bits at a time as PyTorch's processor generator draws them for a seed: the Mersenne twister MT19937 (Matsumoto & Nishimura, 1998). */
function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(624)
  state[0] = seed
  for (let i = 1; i < 624; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30)
    state[i] = Math.imul(1812433253, before) + i
  }
  let at = 624
  return () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff)
        state[i] = state[(i + 397) % 624]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0)
      }
      at = 0
    }
    let y = state[at++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
}

/** The linear layers that PyTorch makes one after the other after `manual_seed(seed)`: weights [out, in] and biases [out], uniform to ±1/√in. */
export function torchLinears(
  seed: number,
  sizes: readonly (readonly [inputs: number, outputs: number])[],
): { weight: Float32Array; bias: Float32Array }[] {
  const bits = mersenneTwister(seed)
  const drawn = (count: number, bound: number) => {
    const width = Math.fround(2 * bound)
    return Float32Array.from({ length: count }, () => Math.fround(((bits() & 0xffffff) / 2 ** 24) * width) - bound)
  }
  return sizes.map(([inputs, outputs]) => {
    const weight = drawn(inputs * outputs, Math.fround(Math.sqrt(3) * (Math.sqrt(1 / 3) / Math.sqrt(inputs))))
    return { weight, bias: drawn(outputs, Math.fround(1 / Math.sqrt(inputs))) }
  })
}
