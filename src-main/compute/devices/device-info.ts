import type { Device } from '../program'
import { selfTest } from './self-test'
import { measureSpeed } from './speed'

/** What is known of a device of this machine. */
export interface DeviceInfo {
  id: string
  name: string
  available: boolean
  /** Why it is not available. */
  reason?: string
  /** Measured speed of a matrix product on the device, in GFLOPS. */
  gflops?: number
  /** Measured speed of training steps whose inputs and losses cross between memory and device, in GFLOPS. */
  trainingGflops?: number
  /** A graphics driver that computes with the processor. */
  software?: boolean
  /** Share of the self-test's nodes that the provider left to the processor, e.g. `2 of 310`. */
  onProcessor?: string
}

/** Tests `device` against the reference and measures it. Throws `unavailable` where it computes wrongly. */
export async function verified(device: Device): Promise<DeviceInfo> {
  if (device.id !== 'reference') await selfTest(device)
  return { id: device.id, name: device.name, available: true, ...(await measureSpeed(device)) }
}
