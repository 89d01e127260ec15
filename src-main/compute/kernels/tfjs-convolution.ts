import { tfjsConvolutions } from '../ops/tfjs-convolution'
import { composed, type KernelTable } from './kernel'

/** tfjs' own convolutions, as compositions of ours between transposes. */
export const convolutionsOfTfjs: KernelTable = Object.fromEntries(
  Object.entries(tfjsConvolutions).map(([name, { inputs, compute }]) => [
    name,
    composed<Parameters<typeof compute>[2]>(inputs, (tensors, attrs) =>
      compute(tensors[inputs[0]]!, tensors[inputs[1]]!, attrs),
    ),
  ]),
)
