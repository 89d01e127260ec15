import { describe, expect, it } from 'vitest'
import { readPeaks } from '@contract'
import { encodePeaks, peaksBuilder } from '../../../src-main/dsp'
import { noise } from '../../helpers/signals'

function made() {
  const builder = peaksBuilder(2, 48000)
  builder.push([noise(300_000, 1), noise(300_000, 2)])
  const peaks = builder.finish()
  const bytes = Uint8Array.from(encodePeaks(peaks))
  return { peaks, file: bytes.buffer }
}

describe('readPeaks', () => {
  it('reads what the engine writes', () => {
    const { peaks, file } = made()
    expect(peaks.levels.length).toBeGreaterThan(1)
    expect(readPeaks(file)).toEqual(peaks)
  })

  it('refuses anything else, or a part of it', () => {
    const { file } = made()
    for (const wrong of [
      new ArrayBuffer(0),
      new ArrayBuffer(100),
      file.slice(0, 11),
      file.slice(0, 100),
      file.slice(0, -2),
    ])
      expect(() => readPeaks(wrong)).toThrow(RangeError)
    const longer = new Uint8Array(file.byteLength + 4)
    longer.set(new Uint8Array(file))
    expect(() => readPeaks(longer.buffer)).toThrow(RangeError)
  })

  it.each(['null', '{}  ', '[]  ', '{"levels":1}'])('refuses the header %s', (header) => {
    const bytes = new Uint8Array(12 + header.length)
    bytes.set(new TextEncoder().encode('NGPEAKS1'))
    new DataView(bytes.buffer).setUint32(8, header.length, true)
    bytes.set(new TextEncoder().encode(header), 12)
    expect(() => readPeaks(bytes.buffer)).toThrow(RangeError)
  })
})
