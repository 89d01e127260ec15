export { listDevices, openDevice, type DeviceInfo } from './devices/list'
export type { Device, LoadValues, ProgramSpec, Runner, Shapes, Tensors } from './program'
export { createRunGate, terminateBehindGate, useRunGate } from './run-gate'
