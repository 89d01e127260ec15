import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'
import { assetHandlers } from './asset'
import { deviceHandlers } from './device'
import { editHandlers } from './edit'
import { galleryHandlers } from './gallery'
import { exportManyHandlers } from './export-many'
import { jobHandlers } from './job'
import { liveHandlers } from './live'
import { markerHandlers } from './markers'
import { packHandlers } from './pack'
import { queueHandlers } from './queue'
import { pictureHandlers } from './picture'
import { projectHandlers } from './project'
import { recordHandlers } from './record'
import { sampleHandlers } from './sample'
import { settingsHandlers } from './settings'
import { stateHandlers } from './state'
import { taskHandlers } from './task'
import { watchHandlers } from './watch'

/** The answer to every call of the contract. */
export function handlersOf(parts: EngineParts): Handlers {
  return {
    ...stateHandlers(parts),
    ...assetHandlers(parts),
    ...editHandlers(parts),
    ...markerHandlers(parts),
    ...exportManyHandlers(parts),
    ...projectHandlers(parts),
    ...sampleHandlers(parts),
    ...recordHandlers(parts),
    ...liveHandlers(parts),
    ...taskHandlers(parts),
    ...jobHandlers(parts),
    ...queueHandlers(parts),
    ...deviceHandlers(parts),
    ...packHandlers(parts),
    ...pictureHandlers(parts),
    ...settingsHandlers(parts),
    ...galleryHandlers(parts),
    ...watchHandlers(parts),
  }
}
