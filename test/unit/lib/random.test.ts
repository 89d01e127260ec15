import { describe, expect, it } from 'vitest'
import { random } from '../../../src-main/lib/random'

const draws = 200_000

describe('the seeded generator', () => {
  it('gives equal numbers for equal seeds, others for others, and goes on from a saved state', () => {
    const [a, b, c] = [random(1), random(1), random(2)]
    const first = Array.from({ length: 5 }, () => a.normal())
    expect(Array.from({ length: 5 }, () => b.normal())).toEqual(first)
    expect(Array.from({ length: 5 }, () => c.normal())).not.toEqual(first)
    const again = random(0, a.state())
    expect(Array.from({ length: 5 }, () => again.normal())).toEqual(Array.from({ length: 5 }, () => a.normal()))
  })

  it('draws normals with the moments and tails of the normal distribution', () => {
    const x = random(3).fillNormal(new Float32Array(draws))
    const moment = (power: number) => x.reduce((sum, value) => sum + value ** power, 0) / draws
    expect(moment(1)).toBeCloseTo(0, 1)
    expect(moment(2)).toBeCloseTo(1, 1)
    expect(moment(3)).toBeCloseTo(0, 1)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15)
    const share = (above: number) => x.filter((value) => Math.abs(value) > above).length / draws
    expect(Math.abs(share(1.96) - 0.05)).toBeLessThan(0.003)
    expect(Math.abs(share(3.5) - 4.65e-4)).toBeLessThan(2e-4)
  })

  it('draws uniforms and whole numbers evenly, and shuffles without losing any', () => {
    const source = random(4)
    const counts = new Uint32Array(10)
    for (let i = 0; i < draws; i++) counts[source.integer(10)]!++
    for (const count of counts) expect(Math.abs(count / draws - 0.1)).toBeLessThan(0.005)
    const mean = source.fillUniform(new Float32Array(draws)).reduce((sum, value) => sum + value, 0) / draws
    expect(mean).toBeCloseTo(0.5, 2)
    expect([...source.shuffle(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})
