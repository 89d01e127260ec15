/** A change of gain on its way: from `from` to `to`, starting at `start`, `seconds` long (context time). */
export interface Ramp {
  from: number
  to: number
  start: number
  seconds: number
}

/**
 * Gain of an equal-power ramp at share `x` of its length: powers, not amplitudes, are interpolated along sin² and cos². Where the sign turns (a
 * difference takes the place of what it is taken from) the amplitude follows sin² itself.
 */
export function rampShape(from: number, to: number, x: number): number {
  const rise = Math.sin((Math.PI / 2) * Math.min(1, Math.max(0, x))) ** 2
  if (from * to < 0) return from * (1 - rise) + to * rise
  const magnitude = Math.sqrt(from * from * (1 - rise) + to * to * rise)
  return from < 0 || to < 0 ? -magnitude : magnitude
}

export const rampValue = ({ from, to, start, seconds }: Ramp, time: number) =>
  rampShape(from, to, seconds > 0 ? (time - start) / seconds : 1)

/** Sampled ramp for `setValueCurveAtTime`, ends included. */
export const rampCurve = (from: number, to: number, points = 33) =>
  Float32Array.from({ length: points }, (_, i) => rampShape(from, to, i / (points - 1)))
