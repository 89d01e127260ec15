import { describe, expect, it } from 'vitest'
import { frameSample } from '../../../src-main/tasks/convert/frame-sample'
import { noise } from '../../helpers/signals'

const rate = 8000
const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length

describe('the frames that tell who speaks', () => {
  const level = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + (value - mean(x)) ** 2, 0) / x.length)
  const sampled = (x: Float32Array) => {
    const sample = frameSample(256)
    for (let at = 0; at < x.length; at += 1000) sample.add(x.subarray(at, at + 1000))
    return sample.end()
  }

  it('are speech, not the one bang in it', () => {
    const x = noise(60 * rate, 2, 0.05)
    x.set(noise(256, 1, 0.3), 1023 * 256)
    const { loudest, frames } = sampled(x)
    expect(loudest).toBeGreaterThan(0.25)
    expect(frames.length).toBeGreaterThan(60)
    expect(frames.filter((frame) => level(frame) > 0.1)).toHaveLength(1)
  })

  it('are the speech of a recording that is mostly silence', () => {
    const x = noise(600 * rate, 2, 1e-5)
    for (let second = 5; second < 600; second += 60) x.set(noise(rate, second, 0.1), second * rate)
    const { frames } = sampled(x)
    expect(frames.length).toBeGreaterThan(5)
    for (const frame of frames) expect(level(frame)).toBeGreaterThan(0.05)
  })

  it('are one at least, and none of no sound', () => {
    expect(sampled(new Float32Array(10)).frames).toHaveLength(1)
    expect(sampled(new Float32Array(256)).frames).toHaveLength(1)
    expect(sampled(new Float32Array(0))).toEqual({ loudest: 0, frames: [] })
  })
})
