export { adopt, measureUnfinished, contentFile, originalFile, type AdoptOptions } from './adopt'
export type { AssetListener, AssetStore } from './assets'
export type { Edits } from './edits'
export { exportAsset, type Exported } from './export-asset'
export { exportMany, type ExportManyOptions } from './export-many'
export { exportNames, type NameFacts } from './export-names'
export { layout, type Layout } from './layout'
export { ignoredIn, ignoreOf, markOf } from './marks'
export { refuseAborted } from './measure'
export { safeFileName, uniqueName } from './names'
export {
  checkProject,
  openProject,
  projectName,
  type Project,
  type ProjectIo,
  type ProjectOptions,
} from './open-project'
export { findSource, type IncomingFile } from './sources'
export { beginRecording, discardRecording, finishRecording, openRecordings, type OpenRecording } from './recordings'
export * from './draw-finds'
export * from './lines'
export * from './refused'
export { isPicture } from './take-picture'
export * from './map-regions'
export * from './tiles'
