export { trainingProgram, type AdamOptions, type LossResult, type TrainingOptions } from './adam'
export {
  convFans,
  denseFans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  leCunNormal,
  leCunUniform,
  type Fans,
} from './initializers'
export {
  batchNormInfer,
  batchNormTrain,
  dense,
  updateStatistics,
  type BatchNormOptions,
  type BatchNormWeights,
  type Statistics,
} from './layers'
