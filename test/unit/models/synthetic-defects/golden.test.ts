import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { float32, pick, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { segmenterDetector } from '../../../../src-main/models/synthetic-defects/detector'
import { initialWeights, segment, weightShapes } from '../../../../src-main/models/synthetic-defects/network'
import { oddsProgram, segmenterProgram } from '../../../../src-main/models/synthetic-defects/programs'
import { readInspectGolden } from '../../../helpers/f-anogan-golden'

const config = { channels: 3 as const, size: 16, width: 4, smoothing: 3, turns: 1 as const }
const names = Object.keys(weightShapes(config))
let io: NDArrays
let weights: NDArrays
beforeAll(async () => {
  io = await readInspectGolden('segmenter_16')
  weights = Object.fromEntries(names.map((name) => [name, io[`weight.${name}`]!]))
})

describe.each(['reference', 'cpu'])('the segmentation network on %s against PyTorch', (id) => {
  let device: Device
  beforeAll(async () => {
    device = await openDevice(id)
  })

  it('gives the same log odds', async () => {
    const runner = await device.load(oddsProgram(config, 2, 16), { state: weights })
    const { odds } = await runner.run(pick(io, ['images']))
    await runner.dispose()
    expect(odds!).toBeAllclose(io['odds']!, { relative: 1e-5, absolute: 1e-5 })
  })

  it('has the same loss and gradients', async () => {
    const runner = await device.load(
      segmenterProgram(config, { batch: 2, crop: 16, steps: 100, learningRate: 1e-3, average: 0 }),
      {
        state: weights,
      },
    )
    const { loss } = await runner.run(pick(io, ['images', 'masks', 'weights']))
    const state = await runner.state()
    await runner.dispose()
    expect(loss!.data).toBeAllclose(io['loss']!.data, { relative: 1e-5 })
    let squares = 0
    for (const name of names) for (const value of io[`gradient.${name}`]!.data) squares += value ** 2
    // Adam's first moment after one step is a tenth of the gradient, which was shortened to a norm of 1.
    const share = 0.1 * Math.min(1, 1 / (Math.sqrt(squares) + 1e-6))
    for (const name of names) {
      const expected = Array.from(io[`gradient.${name}`]!.data, (value) => share * value)
      const most = Math.max(...expected.map(Math.abs))
      expect(state[`adam.m.${name}`]!.data).toBeAllclose(expected, { relative: 1e-4, absolute: 1e-5 * most })
    }
  })

  it('gives as a detector the mean of each window and its largest, whatever else is looked at', async () => {
    const detector = await segmenterDetector(device, { config, weights })
    const { map, terms } = await detector.score(io['images']! as never)
    const alone = await detector.score(float32([1, 3, 16, 16], (io['images']!.data as Float32Array).slice(768)))
    await detector.close()
    const odds = io['odds']!.data
    const expected = Float32Array.from({ length: 512 }, (_, at) => {
      const [image, y, x] = [Math.floor(at / 256), Math.floor(at / 16) % 16, at % 16]
      let [sum, count] = [0, 0]
      for (let row = Math.max(0, y - 1); row <= Math.min(15, y + 1); row++)
        for (let column = Math.max(0, x - 1); column <= Math.min(15, x + 1); column++, count++)
          sum += odds[image * 256 + row * 16 + column]!
      return sum / count
    })
    expect(map.data).toBeAllclose(expected, { relative: 1e-5, absolute: 1e-5 })
    const largest = [0, 1].map((image) => Math.max(...expected.subarray(image * 256, (image + 1) * 256)))
    expect(terms['odds']!).toBeAllclose(largest, { relative: 1e-5, absolute: 1e-5 })
    expect(terms['odds']![1]!).toBe(alone.terms['odds']![0])
  })
})

it('sees the same in a picture of half the contrast', () => {
  const shape = { channels: 1 as const, width: 4 }
  const pixels = random(5).fillNormal(new Float32Array(2 * 24 * 32), 0.3)
  const arrays = initialWeights(shape, random(4))
  const weights = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  )
  const images = tf.tensor4d(pixels, [2, 1, 24, 32])
  const odds = segment(weights, images)
  expect(odds.shape).toEqual([2, 24, 32])
  const found = odds.dataSync()
  expect(segment(weights, tf.mul(images, 0.5)).dataSync()).toBeAllclose(found, { absolute: 5e-3 })
  expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan(0.5)
})

it.each(['reference', 'cpu'])('scores a turned picture as the picture, turned, on %s', async (id) => {
  const device = await openDevice(id)
  const detector = await segmenterDetector(device, { config: { ...config, turns: 8 }, weights })
  const images = io['images']!.data as Float32Array
  const upright = images.slice(0, 768)
  const lying = new Float32Array(768)
  for (let at = 0; at < 768; at++) {
    const [plane, y, x] = [Math.floor(at / 256), Math.floor(at / 16) % 16, at % 16]
    lying[plane * 256 + x * 16 + (15 - y)] = upright[at]!
  }
  const both = new Float32Array([...upright, ...lying])
  const { map, terms } = await detector.score(float32([2, 3, 16, 16], both))
  await detector.close()
  const [first, second] = [map.data.slice(0, 256), map.data.slice(256)] as [Float32Array, Float32Array]
  const expected = Float32Array.from({ length: 256 }, (_, at) => second[(at % 16) * 16 + 15 - Math.floor(at / 16)]!)
  expect(first).toBeAllclose(expected, { absolute: 1e-4 })
  expect(terms['odds']![0]).toBeCloseTo(terms['odds']![1]!, 4)
  // Seen from one side only it is another picture.
  const single = await segmenterDetector(device, { config, weights })
  const once = await single.score(float32([2, 3, 16, 16], both))
  await single.close()
  expect(Math.abs(once.terms['odds']![0]! - once.terms['odds']![1]!)).toBeGreaterThan(1e-3)
})

it.each(['reference', 'cpu'])(
  'scores a mirrored picture as the picture, mirrored, with two turns on %s',
  async (id) => {
    const device = await openDevice(id)
    const detector = await segmenterDetector(device, { config: { ...config, turns: 2 }, weights })
    const images = (io['images']!.data as Float32Array).slice(0, 768)
    const mirrored = images.slice()
    for (let row = 0; row < 48; row++) mirrored.subarray(16 * row, 16 * row + 16).reverse()
    const { map, terms } = await detector.score(float32([2, 3, 16, 16], new Float32Array([...images, ...mirrored])))
    await detector.close()
    const [first, second] = [map.data.slice(0, 256), map.data.slice(256)] as [Float32Array, Float32Array]
    for (let row = 0; row < 16; row++) second.subarray(16 * row, 16 * row + 16).reverse()
    expect(second).toBeAllclose(first, { absolute: 1e-4 })
    expect(terms['odds']![0]).toBeCloseTo(terms['odds']![1]!, 4)
  },
)
