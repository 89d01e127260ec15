export { checkDeviceId, listDevices, openDevice, type DeviceInfo } from './devices/list'
export { exportProgram, OPSET, type ExportedModel, type OnnxValueInfo } from './onnx/export'
export { conv, convTranspose, type ConvOptions, type ConvTransposeOptions, type Padding } from './ops/convolution'
export { inverse, logAbsDet, lu, solveTriangular, type TriangularOptions } from './ops/linear-algebra'
export { logSoftmax } from './ops/log-softmax'
export {
  avgPool,
  maxPool,
  resizeBilinear,
  upsampleNearest,
  type BilinearOptions,
  type PoolOptions,
} from './ops/resample'

export {
  precisions,
  type Device,
  type LoadOptions,
  type LoadValues,
  type Precision,
  type ProgramSpec,
  type Runner,
  type Shapes,
  type Tensors,
} from './program'
