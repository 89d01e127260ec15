import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { filesHandler } from '../../src-main/files/handler'
import { sendResponse, toRequest } from '../../src-main/host/http-bridge'

// A host in small, for tests that kill it: takes the samples of recordings into the project that its command line names.
const projectDir = process.argv[2]!
const files = filesHandler({ rendererDir: projectDir, projectDir, uploads: false })
const server = createServer((incoming, outgoing) => {
  void files(toRequest(incoming, 'http://127.0.0.1')).then((response) => sendResponse(response, outgoing))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
