import type { Edit, EditList } from '@contract'
import { describe, expect, it } from 'vitest'
import { applyEdit, editedPeaks, peaksBuilder, resample, wholeOf, type Planar } from '../../../../src-main/dsp'
import { crossfade } from '../../../../src-main/dsp/edit-list/joins'
import { ratedSource } from '../../../../src-main/dsp/edit-list/rated-source'
import { random } from '../../../../src-main/lib/random'
import { memoryReader, renderOver, soundOf } from '../../../helpers/edit-sources'
import { babble, largestDifference, noise, tone } from '../../../helpers/signals'

const rate = 16_000
const frames = 4 * rate
const sounds = {
  'a-1': { sound: [babble(frames, rate, 3)], sampleRate: rate },
  'a-2': { sound: [noise(frames, 5), noise(frames, 6)], sampleRate: rate },
  'a-3': { sound: [tone(440, 2 * 44_100, 44_100)], sampleRate: 44_100 },
}
const base = wholeOf('a-1', { sampleRate: rate, channels: 1, frames })
const edited = (...edits: Edit[]) => edits.reduce(applyEdit, base)
const half = Math.floor((0.005 * rate) / 2)

/** The largest step from sample to sample in `from` to `to`. */
function steepest(x: Float32Array, from: number, to: number): number {
  let most = 0
  for (let i = Math.max(1, from); i < to; i++) most = Math.max(most, Math.abs(x[i]! - x[i - 1]!))
  return most
}

const power = (x: Float32Array, from: number, to: number) =>
  x.subarray(from, to).reduce((sum, value) => sum + value * value, 0) / (to - from)

describe('an edited sound', () => {
  it('is the samples of its source but for the cross-fade of a cut', async () => {
    const [from, to] = [20_000, 30_001]
    const [x] = await soundOf(edited({ do: 'delete', from, to }), sounds)
    const source = sounds['a-1'].sound[0]!
    expect(largestDifference(x!.subarray(0, from - half), source.subarray(0, from - half))).toBe(0)
    expect(largestDifference(x!.subarray(from + half), source.subarray(to + half))).toBe(0)
  })

  it('does not click where it was cut, pasted, silenced or turned up: no step is larger than those around it', async () => {
    const hum: Planar = [tone(150, frames, rate, 0.5)]
    const over = { 'a-1': { sound: hum, sampleRate: rate } }
    // Worst cases: a cut from crest to trough, a hole in the middle of a crest, 12 dB within a period.
    const crest = (n: number) => Math.round(((n + 0.25) * rate) / 150)
    const [from, to] = [crest(100), crest(200) + Math.round(rate / 300)]
    const natural = steepest(hum[0]!, 0, frames)
    for (const [edit, places] of [
      [{ do: 'delete', from, to }, [from]],
      [{ do: 'silence', from, to }, [from, to]],
      [{ do: 'gain', from, to, db: -12 }, [from, to]],
      [{ do: 'splice', from: 1000, to: 1000, segments: [{ asset: 'a-1', from, to }] }, [1000, 1000 + to - from]],
    ] as [Edit, number[]][]) {
      const [x] = await soundOf(edited(edit), over)
      for (const at of places) {
        // Without the cross-fade these would be steps of 0.4 to 1; a line over 5 ms from crest to trough adds 1/80 at each sample.
        expect(steepest(x!, at - 2 * half, at + 2 * half)).toBeLessThan(1.5 * natural)
      }
    }
  })

  it('neither swells nor sinks at a join, whether the sides are alike or strangers', () => {
    const length = 20_000
    const [a, b] = [noise(length, 1), noise(length, 2)]
    for (const [left, right] of [
      [a, b],
      [a, a],
      [a, a.map((value, i) => 0.7 * value + 0.714 * b[i]!)],
    ] as const) {
      const [x] = crossfade([left], [right])
      for (let at = 0; at < length; at += 4000) {
        const decibels = 10 * Math.log10(power(x!, at, at + 4000) / power(a, at, at + 4000))
        expect(Math.abs(decibels)).toBeLessThan(0.5)
      }
    }
    const [same] = crossfade([a], [a])
    expect(largestDifference(same!, a)).toBeLessThan(1e-6)
  })

  it('reads the same in whatever pieces it is read', async () => {
    const list = edited(
      { do: 'delete', from: 1000, to: 5000 },
      { do: 'gain', from: 990, to: 8000, db: 5 },
      { do: 'fade', from: 300, to: 9000, way: 'in' },
      { do: 'splice', from: 7000, to: 7100, segments: [{ asset: 'a-3', from: 100, to: 5000 }], join: 320 },
      { do: 'silence', from: 20_000, to: 20_010 },
      { do: 'fade', from: 30_000, to: 40_000, way: 'out' },
    )
    const { plan, read } = renderOver(list, sounds)
    const whole = (await read(0, plan.frames))[0]!
    const draw = random(9)
    for (let at = 0; at < plan.frames;) {
      const count = 1 + Math.floor(draw.uniform() * 3000)
      const [piece] = await read(at, count)
      expect(largestDifference(piece!, whole.subarray(at, at + count))).toBe(0)
      at += count
    }
    expect(await read(plan.frames, 10)).toEqual([new Float32Array(0)])
  })

  it('fades in a line', async () => {
    const flat = { 'a-1': { sound: [new Float32Array(frames).fill(0.5)], sampleRate: rate } }
    const [x] = await soundOf(edited({ do: 'fade', from: 0, to: 1000, way: 'in' }), flat)
    expect(x![0]).toBe(0)
    expect(x![500]).toBeCloseTo(0.25, 6)
    expect(x![1000]).toBe(0.5)
    const [y] = await soundOf(edited({ do: 'fade', from: frames - 1000, to: frames, way: 'out' }), flat)
    expect(y![frames - 500]).toBeCloseTo(0.25, 6)
    expect(y![frames - 1]).toBeCloseTo(0.0005, 6)
    // Over a cut too it is one line.
    const cut = edited({ do: 'delete', from: 400, to: 600 }, { do: 'fade', from: 0, to: 1000, way: 'in' })
    const [z] = await soundOf(cut, flat)
    expect(z![700]).toBeCloseTo(0.35, 6)
  })

  it('brings channels together: one to all, the mean of all to one', async () => {
    const two = wholeOf('a-2', { sampleRate: rate, channels: 2, frames })
    const [left, right] = sounds['a-2'].sound as [Float32Array, Float32Array]
    const mono = applyEdit(two, { do: 'channels', channels: 1 })
    const mean = left.map((value, i) => (value + right[i]!) / 2)
    expect(largestDifference((await soundOf(mono, sounds))[0]!, mean)).toBeLessThan(1e-7)
    const again = await soundOf(applyEdit(mono, { do: 'channels', channels: 2 }), sounds)
    expect(again.map((x) => largestDifference(x, mean) < 1e-7)).toEqual([true, true])
    const [a, b] = await soundOf(applyEdit(base, { do: 'channels', channels: 2 }), sounds)
    expect(largestDifference(a!, b!)).toBe(0)
  })

  it.each([
    [44_100, 16_000],
    [16_000, 44_100],
    [48_000, 44_100],
    [8000, 44_101],
  ])('resamples from %i to %i Hz as if all of it were resampled at once, to the bit', async (from, to) => {
    const sound = noise(from, 7)
    const expected = resample(sound, from, to)
    const source = ratedSource(memoryReader([sound], from), to)
    expect(source.frames).toBe(expected.length)
    const list: EditList = { sampleRate: to, channels: 1, segments: [{ asset: 'b', from: 0, to: expected.length }] }
    const [whole] = await soundOf(list, { b: { sound: [sound], sampleRate: from } })
    expect(largestDifference(whole!, expected)).toBe(0)
    for (const [at, count] of [
      [0, 10],
      [1, 500],
      [Math.floor(expected.length / 2), 999],
      [expected.length - 3, 3],
    ] as const) {
      const [part] = await source.read(at, count)
      expect(largestDifference(part!, expected.subarray(at, at + count))).toBeLessThan(1e-9)
    }
  })
})

describe('peaks of an edited sound', () => {
  const pyramid = (sound: Planar, sampleRate: number) => {
    const builder = peaksBuilder(sound.length, sampleRate)
    builder.push(sound)
    return builder.finish()
  }

  it('keep the marks of clipping of what was taken over as it is, where it lies now', async () => {
    const list = edited({ do: 'delete', from: 1000, to: 3000 }, { do: 'gain', from: 8000, to: 9000, db: -6 })
    const over = renderOver(list, sounds)
    const marked = async (clips?: number[]) => {
      const known = await editedPeaks(list, over, (id) => {
        const { sound, sampleRate } = sounds[id as keyof typeof sounds]
        const { clips: _, ...rest } = pyramid(sound, sampleRate)
        return Promise.resolve(clips ? { ...rest, clips } : rest)
      })
      return known.clips
    }
    expect(await marked([500, 10, 990, 40, 2000, 9, 5000, 7, 10_500, 20])).toEqual([500, 10, 990, 10, 3000, 7])
    expect(await marked()).toBeUndefined()
  })

  it('hold every sample, reach at most a bucket further, and are exact around joins', async () => {
    const list = edited(
      { do: 'delete', from: 1000, to: 5003 },
      { do: 'gain', from: 7000, to: 12_000, db: 5 },
      { do: 'fade', from: 300, to: 9000, way: 'in' },
      { do: 'splice', from: 17_000, to: 17_100, segments: [{ asset: 'a-3', from: 100, to: 15_000 }] },
      { do: 'silence', from: 40_000, to: 42_000 },
    )
    const over = renderOver(list, sounds)
    const sound = await over.read(0, over.plan.frames)
    const exact = pyramid(sound, rate)
    const known = await editedPeaks(list, over, (id) => {
      const { sound, sampleRate } = sounds[id as keyof typeof sounds]
      return Promise.resolve(pyramid(sound, sampleRate))
    })
    expect({ ...known, levels: undefined }).toEqual({ ...exact, levels: undefined })
    expect(known.levels.map(({ buckets }) => buckets)).toEqual(exact.levels.map(({ buckets }) => buckets))
    const [mine, theirs] = [known.levels[0]!.data, exact.levels[0]!.data]
    const joins = new Set(over.plan.joins.map(({ at }) => Math.floor(at / 256)))
    let wider = 0
    for (let bucket = 0; bucket < known.levels[0]!.buckets; bucket++) {
      const [low, high] = [mine[2 * bucket]!, mine[2 * bucket + 1]!]
      const near = [-1, 0, 1].map((step) => bucket + step).filter((b) => 2 * b in theirs)
      // Between samples of another rate a resampled sound may reach a little over both of its neighbours.
      const slack = 400
      expect(low).toBeLessThanOrEqual(theirs[2 * bucket]! + slack)
      expect(high).toBeGreaterThanOrEqual(theirs[2 * bucket + 1]! - slack)
      expect(low).toBeGreaterThanOrEqual(1.3 * Math.min(0, ...near.map((b) => theirs[2 * b]!)) - slack)
      expect(high).toBeLessThanOrEqual(1.3 * Math.max(0, ...near.map((b) => theirs[2 * b + 1]!)) + slack)
      if (joins.has(bucket)) expect([low, high]).toEqual([theirs[2 * bucket], theirs[2 * bucket + 1]])
      if (high !== theirs[2 * bucket + 1]) wider++
    }
    expect(wider).toBeGreaterThan(0)
  })
})
