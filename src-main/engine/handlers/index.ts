import type { Handlers } from '@contract'
import type { EngineParts } from '../parts'
import { assetHandlers } from './asset'
import { deviceHandlers } from './device'
import { jobHandlers } from './job'
import { liveHandlers } from './live'
import { packHandlers } from './pack'
import { projectHandlers } from './project'
import { recordHandlers } from './record'
import { sampleHandlers } from './sample'
import { settingsHandlers } from './settings'
import { stateHandlers } from './state'
import { taskHandlers } from './task'

/** The answer to every call of the contract. */
export function handlersOf(parts: EngineParts): Handlers {
  return {
    ...stateHandlers(parts),
    ...assetHandlers(parts),
    ...projectHandlers(parts),
    ...sampleHandlers(parts),
    ...recordHandlers(parts),
    ...liveHandlers(parts),
    ...taskHandlers(parts),
    ...jobHandlers(parts),
    ...deviceHandlers(parts),
    ...packHandlers(parts),
    ...settingsHandlers(parts),
  }
}
