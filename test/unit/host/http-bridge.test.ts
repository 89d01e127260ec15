import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { sendResponse, toRequest } from '../../../src-main/host/http-bridge'

it('answers a client whose body is given up half-way', async () => {
  let taken = 0
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      for await (const piece of toRequest(incoming, 'http://127.0.0.1').body!) {
        taken += piece.length
        if (taken > 1_000_000) break
      }
      await sendResponse(new Response('The disk is full.', { status: 507 }), outgoing)
    })()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<[number | undefined, string]>((settle, fail) => {
    const outgoing = request({ host: '127.0.0.1', port, method: 'PUT' }, (incoming) => {
      void text(incoming).then((words) => settle([incoming.statusCode, words]))
    })
    outgoing.on('error', fail)
    for (let i = 0; i < 100; i++) outgoing.write(Buffer.alloc(100_000))
    outgoing.end()
  })
  expect(answer).toEqual([507, 'The disk is full.'])
  expect(taken).toBeLessThan(2_000_000)
})
