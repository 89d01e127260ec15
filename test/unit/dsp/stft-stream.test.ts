import { expect, it } from 'vitest'
import { stft, stftAnalyzer, stftSynthesizer } from '../../../src-main/dsp'
import type { Spectrum } from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { largestDifference, noise } from '../../helpers/signals'

const sizes: [number, number, number][] = [
  [1024, 256, 16000],
  [512, 128, 9999],
  [1024, 512, 3000],
  [64, 16, 100],
  [1024, 256, 300],
  [1024, 256, 1],
  [1024, 256, 0],
]

it.each(sizes)(
  'frames of a signal in pieces equal those of the whole, size %i hop %i, %i samples',
  (size, hop, samples) => {
    const x = noise(samples, 2)
    const draw = random(samples)
    const analyzer = stftAnalyzer({ size, hop })
    const parts: Spectrum[] = []
    for (let at = 0; at < samples;) {
      const count = draw.integer(900)
      parts.push(analyzer.push(x.subarray(at, at + count)))
      at += count
    }
    parts.push(analyzer.flush())
    const whole = stft({ size, hop }).analyze(x)
    expect(parts.reduce((sum, part) => sum + part.frames, 0)).toBe(whole.frames)
    expect(
      largestDifference(
        parts.flatMap((part) => [...part.re]),
        whole.re,
      ),
    ).toBe(0)
    expect(
      largestDifference(
        parts.flatMap((part) => [...part.im]),
        whole.im,
      ),
    ).toBe(0)

    const synthesizer = stftSynthesizer({ size, hop })
    const back = parts.flatMap((part) => [...synthesizer.push(part)])
    back.push(...synthesizer.flush(samples))
    expect(largestDifference(back, x)).toBeLessThan(1e-6)
  },
)
