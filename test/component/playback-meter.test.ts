import { expect, test } from 'vitest'
import { playbackMeter } from '../../src-renderer/audio/playback-meter'
import { tapSamples } from '../../src-renderer/audio/tap-samples'

const rate = 48_000
const sine = (seconds: number, amplitude: number) =>
  Float32Array.from({ length: seconds * rate }, (_, i) => amplitude * Math.sin((2 * Math.PI * 997 * i) / rate))

test('a sine reads its peak, its RMS 3 dB below, and its loudness; what goes silent falls slowly', () => {
  const meter = playbackMeter(rate, 2)
  const x = sine(4, 0.1)
  let last = meter.push([x.subarray(0, 1920), x.subarray(0, 1920)])
  for (let at = 1920; at < x.length; at += 1920)
    last = meter.push([x.subarray(at, at + 1920), x.subarray(at, at + 1920)])
  expect(last.peaks.map((value) => value.toFixed(2))).toEqual(['-20.00', '-20.00'])
  expect(last.rms[0]).toBeCloseTo(-23.01, 1)
  for (const value of [last.momentary, last.shortTerm, last.integrated]) expect(value).toBeCloseTo(-20, 1)
  const quiet = [new Float32Array(1920), new Float32Array(1920)]
  const after = meter.push(quiet)
  expect(after.rms[0]).toBe(-Infinity)
  expect(after.peaks[0]! - last.peaks[0]!).toBeCloseTo(-11.8 * 0.04, 5)
})

test('the true peak lies between the samples of a sine at a quarter of the rate, and stays', () => {
  const meter = playbackMeter(rate, 1)
  const x = Float32Array.from(
    { length: rate },
    (_, i) => Math.min(1, i / 4800, (rate - 1 - i) / 4800) * Math.sin((Math.PI / 2) * i + Math.PI / 4),
  )
  const { peaks, truePeak } = meter.push([x])
  expect(peaks[0]).toBeCloseTo(-3.01, 2)
  expect(Math.abs(truePeak)).toBeLessThan(0.05)
  expect(meter.push([new Float32Array(rate)]).truePeak).toBeCloseTo(truePeak, 2)
})

test('what is turned down is measured as it is', () => {
  const [loud, soft] = [playbackMeter(rate, 1), playbackMeter(rate, 1)]
  const a = loud.push([sine(1, 0.5)])
  const b = soft.push([sine(1, 0.05)], 10)
  expect(b.momentary).toBeCloseTo(a.momentary, 4)
  expect(b.peaks[0]).toBeCloseTo(a.peaks[0]!, 4)
})

test('a tap hands over every sample that goes through a node, channel by channel', async () => {
  const context = new OfflineAudioContext(1, rate, rate)
  const buffer = new AudioBuffer({ length: rate / 2, numberOfChannels: 2, sampleRate: rate })
  const [left, right] = [sine(0.5, 0.5), sine(0.5, 0.25)]
  buffer.copyToChannel(left, 0)
  buffer.copyToChannel(right, 1)
  const source = new AudioBufferSourceNode(context, { buffer })
  const bus = new GainNode(context)
  source.connect(bus).connect(context.destination)
  const heard: Float32Array[][] = []
  await tapSamples(bus, context, 2, (block) => heard.push(block))
  source.start()
  await context.startRendering()
  // The last piece is not full: nothing comes from a source that is over.
  await expect.poll(() => heard.reduce((sum, block) => sum + block[0]!.length, 0)).toBeGreaterThanOrEqual(23_040)
  for (const [c, samples] of [left, right].entries()) {
    const all = Float32Array.from(heard.flatMap((block) => [...block[c]!]))
    for (let i = 0; i < 23_040; i++) expect(Math.abs(all[i]! - samples[i]!)).toBeLessThan(1e-6)
  }
})
