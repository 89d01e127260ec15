export { adopt, measureUnfinished, contentFile, type AdoptOptions } from './adopt'
export type { AssetListener, AssetStore } from './assets'
export { exportAsset, type Exported } from './export-asset'
export { layout, type Layout } from './layout'
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
