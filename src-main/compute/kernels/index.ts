import { binary } from './binary'
import { gather } from './gather'
import type { Kernel } from './kernel'
import { matmul } from './matmul'
import { reduce } from './reduce'
import { shape } from './shape'
import { unary } from './unary'

export type { Kernel } from './kernel'

/** Every tfjs kernel that can be traced and lowered to ONNX, by its tfjs name. */
export const kernels: ReadonlyMap<string, Kernel> = new Map(
  Object.entries({ ...unary, ...binary, ...reduce, ...matmul, ...shape, ...gather }),
)
