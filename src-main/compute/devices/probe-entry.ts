import { errorRecord } from '../../lib/errors'
import type { DeviceInfo } from './device-info'
import { verified } from './device-info'
import { findGpu } from './gpu-name'
import { onnxRuntimeDevice } from './onnx-runtime'
import { placement } from './placement'
import { gpuProviders } from './providers'
import { selfTestProgram } from './self-test'

/** Run as a process of its own, since a broken graphics driver may end it: tries the provider named on the command line and sends what it found. */
const id = process.argv[2]!
const provider = gpuProviders[id]!
let found: DeviceInfo
let name = provider.name
try {
  const { spec, values, inputs } = selfTestProgram()
  const { device, processor } = await placement(id, provider, spec, values, inputs)
  const gpu = await findGpu(provider.name)
  name = gpu.name
  const count = (nodes: Record<string, number>) => Object.values(nodes).reduce((sum, each) => sum + each, 0)
  const [left, all] = [count(processor), count(processor) + count(device)]
  found = {
    ...(await verified(onnxRuntimeDevice(id, name, provider))),
    ...(gpu.software ? { software: true } : {}),
    ...(left > 0 ? { onProcessor: `${left} of ${all}` } : {}),
  }
} catch (thrown) {
  found = { id, name, available: false, reason: plain(errorRecord(thrown).message) }
}
process.send!(found)

/** ONNX Runtime's messages without the place in its sources. */
function plain(message: string): string {
  return message.replace(/^\/?\S+\.(cc|cpp|h):\d+ .* was false\. /s, '').trim()
}
