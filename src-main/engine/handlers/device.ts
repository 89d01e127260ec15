import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'

export function deviceHandlers({ listDevices }: EngineParts): Pick<Handlers, 'device.list'> {
  return { 'device.list': async () => ({ devices: await listDevices() }) }
}
