import { parentPort, workerData } from 'node:worker_threads'
import { knownDevices } from '../../compute/devices/known-devices'
import { openDevice } from '../../compute'
import { errorRecord } from '../../lib/errors'
import { useRunGate } from '../../lib/run-gate'
import { openConverter } from '../../models/blow/converter'
import { voiceModel } from '../../models/blow/model'
import { voiceNumber } from '../../models/blow/voices'
import { openPack } from '../../packs'
import { liveStream } from './live-stream'
import type { LiveReply, LiveRequest, LiveSetup } from './worker-messages'

const setup = workerData as LiveSetup
useRunGate(setup.runGate)
const post = (reply: LiveReply) => parentPort!.postMessage(reply)

try {
  const model = await voiceModel(await openPack(setup.pack))
  const { voices, frontEnd, config } = model
  const voice = (name: string) => {
    const number = voiceNumber(voices, name)
    return Float32Array.from(voices.voices, (_, i) => (i === number ? 1 : 0))
  }
  const chosen = { from: voice(setup.from), to: voice(setup.to) }
  let fallback: string | null = null
  const device = await openDevice(setup.device, { fallback: (reason) => (fallback = reason) })
  // One frame at a time: what is spoken waits for nothing that comes after it.
  const converter = await openConverter(device, model, { ...chosen, batch: 1 })
  const { sampleRate: modelRate, peak } = frontEnd
  const stream = liveStream(converter, { sampleRate: setup.sampleRate, modelRate, peak })
  // The first run makes buffers and compiles; it is not to be in anyone's words.
  await stream.take(new Float32Array(Math.ceil((config.frame / modelRate) * setup.sampleRate)), true)

  /** Requests are answered one after the other. */
  let last: Promise<void> = Promise.resolve()
  const answer = async (request: LiveRequest): Promise<void> => {
    try {
      if (request.type === 'voices') {
        converter.setVoices(voice(request.from), voice(request.to))
        return post({ type: 'sound', id: request.id, samples: new Float32Array(0), seconds: 0 })
      }
      const start = performance.now()
      const samples = await stream.take(request.samples, request.last)
      post({ type: 'sound', id: request.id, samples, seconds: (performance.now() - start) / 1000 })
    } catch (thrown) {
      post({ type: 'failed', id: request.id, error: errorRecord(thrown) })
    }
  }
  parentPort!.on('message', (request: LiveRequest) => {
    last = last.then(() => answer(request))
  })
  post({
    type: 'ready',
    ...{ sampleRate: modelRate, frame: config.frame, device: device.id, fallback, known: knownDevices() },
  })
} catch (thrown) {
  post({ type: 'failed', error: errorRecord(thrown) })
}
