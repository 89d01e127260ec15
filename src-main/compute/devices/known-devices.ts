import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import type { DeviceInfo } from './device-info'

const KEY = 'nagare.devices'

/** What this thread knows of devices by their id: what it found, and what the thread that started it knew then. */
export const knownDevices = (): Record<string, DeviceInfo> =>
  (getEnvironmentData(KEY) ?? {}) as unknown as Record<string, DeviceInfo>

/** Keeps what was found, for this thread and those that it starts afterwards. */
export function keepDevices(found: Record<string, DeviceInfo>): void {
  setEnvironmentData(KEY, { ...knownDevices(), ...found } as unknown as Parameters<typeof setEnvironmentData>[1])
}
