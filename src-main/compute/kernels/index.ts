import { binary } from './binary'
import { compositions } from './compositions'
import { convolutions } from './convolution'
import { einsums } from './einsum'
import { fill } from './fill'
import { gather } from './gather'
import { withDtypes, type Kernel } from './kernel'
import { matmul } from './matmul'
import { pool } from './pool'
import { reduce } from './reduce'
import { resize } from './resize'
import { shape } from './shape'
import { slices } from './slice'
import { convolutionsOfTfjs } from './tfjs-convolution'
import { unary } from './unary'

export type { Kernel } from './kernel'

/** Every tfjs kernel that can be traced and lowered to ONNX, by its tfjs name. */
export const kernels: ReadonlyMap<string, Kernel> = new Map(
  Object.entries({
    ...unary,
    ...binary,
    ...reduce,
    ...matmul,
    ...shape,
    ...slices,
    ...fill,
    ...gather,
    ...pool,
    ...resize,
    ...einsums,
    ...compositions,
    ...convolutions,
    ...convolutionsOfTfjs,
  }).map(([name, kernel]) => [name, withDtypes(name, kernel)]),
)
