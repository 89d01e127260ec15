/** Upper and lower edge of a sound per pixel column, all channels together: column `i` spans frames `first + i·hop` to `first + (i+1)·hop`. */
export function columnsOf(
  channels: readonly Float32Array[],
  first: number,
  hop: number,
  count: number,
): { upper: Float32Array; lower: Float32Array } {
  const upper = new Float32Array(count)
  const lower = new Float32Array(count)
  for (let column = 0; column < count; column++) {
    const from = Math.max(0, Math.floor(first + column * hop))
    const to = Math.max(from + 1, Math.ceil(first + (column + 1) * hop))
    let low = Infinity
    let high = -Infinity
    for (const samples of channels)
      for (let i = from; i < to && i < samples.length; i++) {
        const value = samples[i]!
        if (value < low) low = value
        if (value > high) high = value
      }
    if (high >= low) {
      upper[column] = high
      lower[column] = low
    }
  }
  return { upper, lower }
}
