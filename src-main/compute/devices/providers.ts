import type * as ort from 'onnxruntime-node'
import { webgpuSubstitutes, type Substitute } from '../onnx/substitutes'

/** How an execution provider of ONNX Runtime is used. */
export interface Provider {
  /** What people know it by, where the device's own name cannot be found out. */
  name: string
  /** The provider's own options. */
  options?: Readonly<Record<string, unknown>>
  /** Session options that it asks for. */
  session?: Readonly<ort.InferenceSession.SessionOptions>
  /** Outputs can stay on the device as GPU buffers and be fed back. */
  keepsState?: boolean
  /** Operators written otherwise for it. */
  substitutes?: Readonly<Record<string, Substitute>>
  /** It has ONNX Runtime's products that read their factors transposed. */
  multipliesTransposed?: boolean
  /** It has ONNX Runtime's convolutions of channels in blocks. */
  blocksChannels?: boolean
}

export const cpuProvider: Provider = {
  name: 'Processor (ONNX Runtime)',
  ...{ multipliesTransposed: true, blocksChannels: true },
}

/** Providers that compute on a GPU, all in 32-bit floating point. Which of them a build carries, `listSupportedBackends` tells. */
export const gpuProviders: Readonly<Record<string, Provider>> = {
  webgpu: {
    name: 'GPU (WebGPU)',
    // Channels-last, its default, gives wrong convolutions where input channels are a multiple of 3 but not of 4 and output channels one of 4.
    options: { preferredLayout: 'NCHW' },
    keepsState: true,
    substitutes: webgpuSubstitutes,
  },
  // DirectML takes no memory patterns.
  dml: { name: 'GPU (DirectML)', session: { enableMemPattern: false } },
  // ML program (16) on processor and GPU (32): the Neural Engine computes in 16 bits.
  coreml: { name: 'GPU (Core ML)', options: { coreMlFlags: 16 + 32 } },
  cuda: { name: 'NVIDIA GPU (CUDA)' },
}
