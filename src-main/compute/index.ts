export { listDevices, openDevice, type DeviceInfo } from './devices/list'
export type { Device, LoadValues, ProgramSpec, Runner, Shapes, Tensors } from './program'
