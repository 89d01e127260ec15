import { describe, expect, it } from 'vitest'
import { placeIn, readBody } from '../../../src-main/files/body'

/** A request without a length, whose body goes on for ever in pieces of a thousand bytes. */
function endless() {
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++
      controller.enqueue(new Uint8Array(1000))
    },
  })
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  return { request: new Request('http://127.0.0.1:1/', init), sent: () => sent }
}

const at = (query: string) => placeIn(new Request(`http://127.0.0.1:1/${query}`), 'at')

describe('the body of a request', () => {
  it('is read in one piece up to its limit', async () => {
    const request = () => new Request('http://127.0.0.1:1/', { method: 'POST', body: Uint8Array.of(1, 2, 3) })
    expect(await readBody(request(), 3)).toEqual(Uint8Array.of(1, 2, 3))
    expect(await readBody(request(), 2)).toBeUndefined()
    expect(await readBody(new Request('http://127.0.0.1:1/'), 2)).toHaveLength(0)
  })

  it('is read no further than that, whatever length it has', async () => {
    const { request, sent } = endless()
    expect(await readBody(request, 5000)).toBeUndefined()
    expect(sent()).toBeLessThan(10)
  })
})

describe('a place in an address', () => {
  it('is a whole number from 0', () => {
    expect([at('?at=0'), at('?at=12')]).toEqual([0, 12])
    for (const query of ['', '?at', '?at=', '?at=-4', '?at=1.5', '?at=x', '?at=1e3', '?at=99999999999999999'])
      expect(at(query), query).toBeUndefined()
  })
})
