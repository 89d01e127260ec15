import { cpus } from 'node:os'
import { listSupportedBackends } from 'onnxruntime-node'
import { errorRecord, NagareError } from '../../lib/errors'
import type { Device } from '../program'
import { referenceDevice } from './eager'
import { cpuDevice, onnxRuntimeDevice, type OnnxRuntimeOptions } from './onnx-runtime'
import { measureSpeed, selfTest } from './self-test'
import { tensorflowDevice } from './tensorflow'

export interface DeviceInfo {
  id: string
  name: string
  available: boolean
  /** Why it is not available. */
  reason?: string
  /** Measured speed of a 512 × 512 matrix product. */
  gflops?: number
}

/** GPU providers of ONNX Runtime that this build may carry, with the names people know them by. */
const gpuProviders: Record<string, string> = {
  webgpu: 'GPU (WebGPU)',
  dml: 'GPU (DirectML)',
  coreml: 'Apple Neural Engine and GPU (Core ML)',
  cuda: 'NVIDIA GPU (CUDA)',
}

/** The processor's model, as the system names it. */
const processorName = () => cpus()[0]?.model.trim() || 'Processor'

/** Opens a device by its id; `auto` and none are `cpu`. Throws `not-found` for an unknown id, `unavailable` where it cannot run here. */
export async function openDevice(id = 'cpu', options: OnnxRuntimeOptions = {}): Promise<Device> {
  if (id === 'cpu' || id === 'auto') return { ...cpuDevice(options), name: processorName() }
  if (id === 'reference') return referenceDevice()
  if (id === 'tensorflow') return tensorflowDevice()
  const name = gpuProviders[id]
  if (!name) {
    const known = ['cpu', 'reference', 'tensorflow', ...Object.keys(gpuProviders)].join(', ')
    throw new NagareError('not-found', `There is no device "${id}".`, { hint: `Choose one of ${known}.` })
  }
  if (!bundled(id)) throw new NagareError('unavailable', `${name}: this build of ONNX Runtime has no provider "${id}".`)
  return onnxRuntimeDevice(id, name, [id], options)
}

const bundled = (provider: string) =>
  listSupportedBackends().some((backend) => backend.name === provider && backend.bundled)

/**
 * Every device of this machine. One is `available` only after a small training run on it equalled the reference device; its speed is measured then.
 * GPU providers are tried only with `gpu: true`: a broken driver can take the process down, so ask from one that may die.
 */
export async function listDevices({ gpu = false }: { gpu?: boolean } = {}): Promise<DeviceInfo[]> {
  const infos = [await tryDevice('cpu', processorName())]
  for (const [id, name] of Object.entries(gpuProviders)) {
    if (!bundled(id)) continue
    infos.push(
      gpu
        ? await tryDevice(id, name)
        : { id, name, available: false, reason: 'not tried: a graphics driver is only tried on request' },
    )
  }
  infos.push(await tryDevice('tensorflow', 'TensorFlow'))
  infos.push(await tryDevice('reference', 'Reference (tfjs, one thread)'))
  return infos
}

async function tryDevice(id: string, name: string): Promise<DeviceInfo> {
  try {
    const device = await openDevice(id)
    if (id !== 'reference') await selfTest(device)
    const gflops = Number((await measureSpeed(device, id === 'reference' ? 128 : 512)).toPrecision(3))
    return { id, name: device.name, available: true, gflops }
  } catch (thrown) {
    return { id, name, available: false, reason: errorRecord(thrown).message }
  }
}
