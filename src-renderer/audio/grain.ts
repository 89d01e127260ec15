/** What is heard at a place that is scrubbed over: a Hann window. */
const grainSeconds = 0.08
const grainShape = Float32Array.from({ length: 33 }, (_, i) => Math.sin((Math.PI * i) / 32) ** 2)

/** Lets a grain of `buffer` from `offset` seconds sound at `now`, as loud as `gain`. */
export function playGrain(context: AudioContext, buffer: AudioBuffer, offset: number, gain: number, now: number): void {
  const node = new AudioBufferSourceNode(context, { buffer })
  const fade = new GainNode(context, { gain: 0 })
  fade.gain.setValueCurveAtTime(
    grainShape.map((value) => value * gain),
    now,
    grainSeconds,
  )
  node.connect(fade).connect(context.destination)
  node.start(now, offset, grainSeconds)
  node.onended = () => fade.disconnect()
}
