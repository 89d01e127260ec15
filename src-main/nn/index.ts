export { gelu, gatedTanh, swish } from './activations'
export { attention, multiHeadAttention, type AttentionWeights } from './attention'
export { type ClipOptions } from './clip'
export { conv1d, conv2d, convTranspose1d, convTranspose2d, type ConvWeights } from './convolutions'
export {
  convFans,
  denseFans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  leCunNormal,
  leCunUniform,
  torchUniform,
  type Fans,
} from './initializers'
export {
  batchNormInfer,
  batchNormTrain,
  dense,
  embedding,
  updateStatistics,
  type BatchNormOptions,
  type BatchNormWeights,
  type Statistics,
} from './layers'
export { type LossFunction, type LossResult } from './loss-gradients'
export { luFactors, luMatrix, luProduct, type LuFactors } from './lu-factors'
export { groupNorm, instanceNorm, layerNorm, moments, standardize, type NormOptions, type NormWeights } from './norms'
export {
  adam,
  rmsProp,
  sgd,
  type AdamOptions,
  type Optimizer,
  type RmsPropOptions,
  type SgdOptions,
} from './optimizers'
export { orthogonal, type OrthogonalOptions } from './orthogonal'
export { programSequence } from './program-sequence'
export {
  constantRate,
  cosineDecay,
  cosineWithWarmup,
  exponentialDecay,
  linearWarmup,
  noam,
  piecewise,
  stepDecay,
  type CosineOptions,
  type Schedule,
} from './schedules'
export { trainingProgram, type AverageOptions, type TrainingOptions, type WeightDecay } from './training-program'
export { spectralNorm, stopGradient, weightNorm, type SpectralNormOptions } from './weight-norms'
