// An engine for tests of its parents: speaks their protocol, echoes what a window says, ends on demand.
import { WebSocketServer } from 'ws'

const sockets = new WebSocketServer({ noServer: true })
const lastExit = process.argv.includes('--last-exit')

if (process.argv.some((word) => word.endsWith('broken'))) {
  process.send({ type: 'fatal', reason: 'The project is open elsewhere.' })
  process.exit(72)
}
process.on('disconnect', () => process.exit(0))
process.on('message', ({ type, method, url, headers, head, trusted }, socket) => {
  if (type === 'quit') process.exit(0)
  if (type !== 'socket' || !socket) return
  sockets.handleUpgrade({ method, url, headers }, socket, Buffer.from(head, 'base64'), (window) => {
    window.send(JSON.stringify({ pid: process.pid, trusted, restarted: lastExit }))
    window.on('message', (data) => (String(data) === 'die' ? process.exit(3) : window.send(String(data))))
  })
})
process.stdout.write('printed by the engine\n')
process.send({ type: 'ready' })
