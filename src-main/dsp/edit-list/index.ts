export { applyEdit, inMono } from './apply-edit'
export {
  assetSound,
  isEditList,
  encodeEditList,
  openEdited,
  openEdits,
  readEditList,
  type OpenEdits,
} from './edit-file'
export { atRate, cutSeconds, framesOf, lengthOf, silenceOf, slice, wholeOf } from './edit-list'
export { editedPeaks, largestPeak } from './edit-peaks'
