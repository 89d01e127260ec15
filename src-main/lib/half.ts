/** Largest finite number in 16 bits. */
export const largestHalf = 65_504

/** Numbers as IEEE 754 binary16, rounded to the nearest, ties to even. */
export function halfBits(numbers: Float32Array): Uint16Array {
  const bits = new Uint32Array(numbers.buffer.slice(numbers.byteOffset, numbers.byteOffset + numbers.byteLength))
  return Uint16Array.from(bits, (word, i) => {
    const sign = (word >>> 16) & 0x8000
    const size = Math.abs(numbers[i]!)
    if (Number.isNaN(size)) return sign | 0x7e00
    if (size >= 65520) return sign | 0x7c00
    if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
    const exponent = ((word >>> 23) & 0xff) - 127
    return sign + (((exponent + 15) << 10) | 0) + roundEven((size / 2 ** exponent - 1) * 1024)
  })
}

function roundEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

let values: Float32Array | undefined

/** The numbers that IEEE 754 binary16 words stand for. */
export function fromHalfBits(bits: Uint16Array): Float32Array {
  values ??= Float32Array.from({ length: 65_536 }, (_, word) => halfValue(word))
  const out = new Float32Array(bits.length)
  for (let i = 0; i < out.length; i++) out[i] = values[bits[i]!]!
  return out
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24
}
