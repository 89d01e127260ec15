import { cpus } from 'node:os'
import { errorRecord, NagareError } from '../../lib/errors'
import type { Device } from '../program'
import { verified, type DeviceInfo } from './device-info'
import { onlyFloat32, referenceDevice } from './eager'
import { hasGpu } from './gpu-name'
import { keepDevices, knownDevices } from './known-devices'
import { cpuDevice, onnxRuntimeDevice, type OnnxRuntimeOptions } from './onnx-runtime'
import { runtime } from './ort'
import { probed, probeFile } from './probe'
import { gpuProviders } from './providers'
import { selfTest } from './self-test'
import { tensorflowDevice } from './tensorflow'

export type { DeviceInfo }

export interface OpenOptions extends OnnxRuntimeOptions {
  /** Called with the reason where the processor is taken in place of the device asked for; without it such a device is an error. */
  fallback?: ((reason: string) => void) | undefined
  /** The bundled `probe-entry`, where it does not lie beside this bundle. */
  probe?: string
}

/** The processor's model, as the system names it. */
const processorName = () => cpus()[0]?.model.trim() || 'Processor'

const openProcessor = (options: OnnxRuntimeOptions): Device => ({ ...cpuDevice(options), name: processorName() })

/** Throws `not-found` with the ids there are for one that no device has, here or anywhere. */
export function checkDeviceId(id: string): void {
  const known = ['auto', 'cpu', 'reference', 'tensorflow', ...Object.keys(gpuProviders)]
  if (!known.includes(id))
    throw new NagareError('not-found', `There is no device "${id}".`, { hint: `Choose one of ${known.join(', ')}.` })
}

/**
 * Opens a device by its id. `auto` is the one with the fastest training steps among the processor and the graphics cards that passed their self-test,
 * never a software driver. Throws `not-found` for an unknown id and `unavailable` with the reason where it cannot run here, unless `fallback` is given.
 */
export async function openDevice(id = 'cpu', options: OpenOptions = {}): Promise<Device> {
  const { precision = 'float32' } = options
  if (precision !== 'float32' && (id === 'reference' || id === 'tensorflow')) throw onlyFloat32(id, precision)
  if (id === 'cpu') return openProcessor(options)
  if (id === 'reference') return referenceDevice()
  try {
    if (id === 'auto') return await openFastest(options)
    if (id === 'tensorflow') return await verifiedTensorflow()
    return await openGpu(id, options)
  } catch (thrown) {
    const { code, message } = errorRecord(thrown)
    if (!options.fallback || code === 'not-found') throw thrown
    const device = openProcessor(options)
    options.fallback(`${message} Computing on the processor instead (${device.name}).`)
    return device
  }
}

async function openGpu(id: string, options: OpenOptions): Promise<Device> {
  checkDeviceId(id)
  const provider = gpuProviders[id]!
  if (!bundled(id))
    throw new NagareError('unavailable', `${provider.name}: this build of ONNX Runtime has no provider "${id}".`)
  const file = options.probe ?? probeFile()
  if (!file) {
    const device = onnxRuntimeDevice(id, provider.name, provider, options)
    await selfTest(device)
    return device
  }
  const { name, available, reason } = await probed(id, { file })
  if (available) return onnxRuntimeDevice(id, name, provider, options)
  throw new NagareError('unavailable', `${name} cannot be used: ${reason}.`.replace(/\.\.$/, '.'), {
    hint: '`nagare devices` lists what can compute here; --device cpu works everywhere.',
  })
}

async function openFastest(options: OpenOptions): Promise<Device> {
  const processor = openProcessor(options)
  const file = options.probe ?? probeFile()
  if (!file || !(await hasGpu())) return processor
  const gpus = await Promise.all(bundledGpus().map((id) => probed(id, { file })))
  const usable = gpus.filter(({ available, software }) => available && !software)
  const best = fastest(usable)
  if (!best) {
    const broken = gpus.find(({ available }) => !available)
    if (broken) options.fallback?.(`${broken.name} is left out: ${broken.reason}. Computing on the processor.`)
    return processor
  }
  if (fastest([best, await processorInfo()]) !== best) return processor
  return onnxRuntimeDevice(best.id, best.name, gpuProviders[best.id]!, options)
}

/** The device with the fastest training steps; undefined for none. */
export const fastest = (infos: readonly DeviceInfo[]): DeviceInfo | undefined =>
  infos.reduce<DeviceInfo | undefined>(
    (best, info) => ((info.trainingGflops ?? 0) > (best?.trainingGflops ?? 0) ? info : best),
    undefined,
  )

let processor: Promise<DeviceInfo> | undefined
/** The processor after its self-test, which is made once. */
function processorInfo(): Promise<DeviceInfo> {
  const known = knownDevices()['cpu']
  if (known) return Promise.resolve(known)
  processor ??= tried('cpu', processorName(), async () => openProcessor({})).then((info) => {
    keepDevices({ cpu: info })
    return info
  })
  return processor
}

let tensorflow: Promise<Device> | undefined
/** TensorFlow after its self-test, which is made once. */
function verifiedTensorflow(): Promise<Device> {
  tensorflow ??= (async () => {
    const device = await tensorflowDevice()
    await selfTest(device)
    return device
  })()
  return tensorflow
}

const bundled = (provider: string) =>
  runtime.listSupportedBackends().some((backend) => backend.name === provider && backend.bundled)
const bundledGpus = () => Object.keys(gpuProviders).filter(bundled)

/**
 * Every device of this machine. One is `available` only after a small training run on it equalled the reference device; its speed is measured then.
 * GPU providers are tried in a process of their own, once; what was found is kept until this process ends.
 */
export async function listDevices({ probe }: Pick<OpenOptions, 'probe'> = {}): Promise<DeviceInfo[]> {
  const infos = [await processorInfo()]
  for (const id of bundledGpus()) infos.push(await probed(id, { file: probe }))
  infos.push(await tried('tensorflow', 'TensorFlow', verifiedTensorflow))
  infos.push(await tried('reference', 'Reference (tfjs, one thread)', async () => referenceDevice()))
  return infos
}

async function tried(id: string, name: string, open: () => Promise<Device>): Promise<DeviceInfo> {
  try {
    return await verified(await open())
  } catch (thrown) {
    return { id, name, available: false, reason: errorRecord(thrown).message }
  }
}
