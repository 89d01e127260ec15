import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readArguments } from '../../../src-main/engine/process'
import { engineArguments, places } from '../../../src-main/files'

it('are understood as they were written, whatever is in the names of folders', () => {
  const where = places({ NAGARE_HOME: join('/home', 'Doe, Jane') }, 'linux')
  const lastExit = { reason: 'It was killed.', code: null, signal: 'SIGKILL', at: '2026-11-23T20:00:00.000Z' }
  expect(readArguments(engineArguments(where, lastExit))).toEqual({
    project: where.project,
    settings: where.settings,
    resources: where.resources,
    packs: [
      { folder: where.starterPacks, origin: 'starter' },
      { folder: join('/home', 'Doe, Jane', 'packs'), origin: 'user' },
    ],
    lastExit,
  })
})
