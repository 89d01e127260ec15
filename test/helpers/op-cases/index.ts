import { binaryCases } from './binary'
import type { OpCase } from './case'
import { convolutionCases } from './convolution'
import { gatherCases } from './gather'
import { matmulCases } from './matmul'
import { poolCases } from './pool'
import { reduceCases } from './reduce'
import { resizeCases } from './resize'
import { shapeCases } from './shape'
import { unaryCases } from './unary'

export { sample, shapesOf, type OpCase } from './case'

/** At least one case for every kernel that can be traced, under the kernel's tfjs name. */
export const opCases: Record<string, OpCase[]> = {
  ...unaryCases,
  ...binaryCases,
  ...reduceCases,
  ...matmulCases,
  ...shapeCases,
  ...gatherCases,
  ...poolCases,
  ...resizeCases,
  ...convolutionCases,
}
