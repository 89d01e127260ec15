import { alarmRate, alarmThreshold, justAbove, leastRate } from '@contract'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { heldScores } from '../../../../src-main/models/anomaly/held-scores'
import { detectorSpec } from '../../../../src-main/models/detectors'
import { openPack } from '../../../../src-main/packs'

const starter = (name: string) => join(import.meta.dirname, `../../../../resources/packs/${name}.nagare`)

describe('held-out scores', () => {
  it.each(['brick-surface', 'grass-surface', 'gravel-surface'])(
    'of %s lie on the scale of its inspections: the line lets its rate through, and half lie under 0.25',
    async (name) => {
      const pack = await openPack(starter(name))
      const spec = detectorSpec(pack.manifest.kind)
      const scores = await heldScores(spec, pack, { falseAlarms: 0.1 })
      expect(scores.length).toBeGreaterThan(10)
      expect(scores).toEqual([...scores].sort((a, b) => a - b))
      expect(alarmRate(scores, 0.5)).toBeLessThanOrEqual(0.1)
      expect(alarmThreshold(scores, 0.1)).toBeCloseTo(0.5, 5)
      expect(scores[Math.floor(scores.length / 2)]).toBeCloseTo(0.25, 6)
      const strict = await heldScores(spec, pack, { falseAlarms: 0.05 })
      expect(Math.max(...strict)).toBeLessThan(Math.max(...scores))
      await expect(heldScores(spec, pack, { method: 'search' })).rejects.toMatchObject({ code: 'bad-input' })
    },
  )

  it('put a threshold for a rate, as far as they are enough to tell', () => {
    const scores = [0.1, 0.2, 0.3, 0.4]
    expect(leastRate(scores.length)).toBe(0.2)
    expect(alarmThreshold(scores, 0.2)).toBe(justAbove(0.4))
    expect(alarmThreshold(scores, 0.0001)).toBe(justAbove(0.4))
    expect(alarmThreshold(scores, 0.5)).toBe(justAbove(0.3))
    expect(justAbove(0)).toBeGreaterThan(0)
    expect(justAbove(-0.5)).toBeGreaterThan(-0.5)
    expect(alarmRate(scores, 0.3)).toBe(0.5)
    expect(alarmRate([], 0.3)).toBe(0)
  })
})
