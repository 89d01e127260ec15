import { EditList, type Edit, type Segment } from '@contract'
import { describe, expect, it } from 'vitest'
import { applyEdit, atRate, framesOf, slice, wholeOf } from '../../../../src-main/dsp'
import { random } from '../../../../src-main/lib/random'

const frames = 100_000
const base = wholeOf('a-1', { sampleRate: 48_000, channels: 2, frames })
const edited = (...edits: Edit[]) => edits.reduce(applyEdit, base)

/** Some edits at random places of whatever there is at the time, the same for a seed. */
function someEdits(seed: number, count: number): Edit[] {
  const draw = random(seed)
  let list = base
  return Array.from({ length: count }, () => {
    const length = framesOf(list)
    const from = Math.floor(draw.uniform() * (length - 2))
    const to = from + 1 + Math.floor(draw.uniform() * Math.min(length - from - 1, 20_000))
    const kinds: Edit[] = [
      { do: 'delete', from, to },
      { do: 'silence', from, to },
      { do: 'gain', from, to, db: Math.round(draw.uniform() * 20 - 10) },
      { do: 'fade', from, to, way: draw.uniform() < 0.5 ? 'in' : 'out' },
      { do: 'splice', from, to: from, segments: slice(list.segments, from, to) },
    ]
    const edit = kinds[Math.floor(draw.uniform() * kinds.length)]!
    list = applyEdit(list, edit)
    return edit
  })
}

describe('edits of a list', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('cutting and pasting at the same place changes nothing (seed %i)', (seed) => {
    const list = edited(...someEdits(seed, 12))
    const length = framesOf(list)
    const draw = random(seed + 100)
    const from = Math.floor(draw.uniform() * (length / 2))
    const to = from + 1 + Math.floor(draw.uniform() * (length / 2 - 1))
    const clip = slice(list.segments, from, to)
    const cut = applyEdit(list, { do: 'delete', from, to })
    expect(framesOf(cut)).toBe(length - (to - from))
    expect(framesOf({ segments: clip })).toBe(to - from)
    const back = applyEdit(cut, { do: 'splice', from, to: from, segments: clip })
    expect(framesOf(back)).toBe(length)
    // Cross-fade lengths of results aside there is nothing that a cut could lose.
    expect(back).toEqual(list)
    expect(EditList.parse(back)).toEqual(back)
  })

  it('trimming twice is trimming once to the inner stretch', () => {
    const twice = edited({ do: 'trim', from: 1000, to: 90_000 }, { do: 'trim', from: 500, to: 20_000 })
    expect(twice).toEqual(edited({ do: 'trim', from: 1500, to: 21_000 }))
    expect(twice.segments).toEqual([{ asset: 'a-1', from: 1500, to: 21_000 }])
  })

  it('gain that is taken back leaves no trace, also in steps', () => {
    const [from, to] = [10_000, 20_000]
    const list = edited(...[0.1, 0.2, -0.3, 6, -6].map((db): Edit => ({ do: 'gain', from, to, db })))
    expect(list).toEqual(base)
    expect(() => edited({ do: 'gain', from, to, db: 150 }, { do: 'gain', from, to, db: 100 })).toThrow(/200 dB/)
  })

  it('lengths add up', () => {
    const clip: Segment[] = [{ asset: 'b-1', from: 5, to: 105 }]
    const list = edited(
      { do: 'splice', from: 50, to: 60, segments: clip },
      { do: 'silence', from: 0, to: 10 },
      { do: 'delete', from: 100, to: 200 },
    )
    expect(framesOf(list)).toBe(frames + 90 - 100)
    expect(list.segments[0]).toEqual({ asset: null, from: 0, to: 10 })
  })

  it('keeps what is pasted into one channel mixed to one, however many there are later', () => {
    const mono = edited(
      { do: 'channels', channels: 1 },
      { do: 'splice', from: 0, to: 0, segments: [{ asset: 'b-1', from: 0, to: 9 }] },
    )
    const stereo = applyEdit(mono, { do: 'channels', channels: 2 })
    expect(stereo.channels).toBe(2)
    expect(stereo.segments.map(({ mono: isMono }) => isMono)).toEqual([true, true])
    expect(edited({ do: 'channels', channels: 2 })).toEqual(base)
    const cut = applyEdit(mono, { do: 'delete', from: 0, to: 9 })
    expect(cut).toEqual(edited({ do: 'channels', channels: 1 }))
  })

  it('another rate moves every boundary to the nearest sample and loses none', () => {
    const list = applyEdit(edited({ do: 'delete', from: 333, to: 1001 }), { do: 'resample', sampleRate: 44_100 })
    expect(framesOf(list)).toBe(Math.round((framesOf(base) - 668) * (44_100 / 48_000)))
    expect(list.segments.map(({ to }) => to).at(-1)).toBe(
      Math.round(1001 * 0.91875) + framesOf(list) - Math.round(333 * 0.91875),
    )
    expect(atRate(list.segments, 44_100, 44_100)).toEqual(list.segments)
  })

  it.each([
    [{ do: 'delete', from: 10, to: frames + 1 }, /within the 100000 samples/],
    [{ do: 'delete', from: 10, to: 10 }, /found 10 to 10/],
    [{ do: 'trim', from: 20, to: 10 }, /found 20 to 10/],
    [{ do: 'delete', from: 0, to: frames }, /Nothing of the document would be left/],
    [{ do: 'splice', from: 0, to: 0, segments: [{ asset: 'b-1', from: 0, to: 2 ** 40 }] }, /at most 24 hours/],
  ] as [Edit, RegExp][])('refuses %j', (edit, message) => {
    expect(() => applyEdit(base, edit)).toThrow(message)
    expect(() => applyEdit(base, edit)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})
