import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { places } from '../../../src-main/files/places'

describe('places', () => {
  it('follow NAGARE_HOME before the system', () => {
    const found = places({ NAGARE_HOME: '/somewhere', XDG_DATA_HOME: '/data' }, 'linux')
    expect(found.project).toBe(join('/somewhere', 'projects', 'Untitled'))
    expect(found.settings).toBe(join('/somewhere', 'settings.json'))
    expect(found.userPacks).toBe(join('/somewhere', 'packs'))
  })

  it.each([
    ['linux', { XDG_DATA_HOME: '/data' }, join('/data', 'Nagare')],
    ['linux', {}, join(homedir(), '.local', 'share', 'Nagare')],
    ['darwin', {}, join(homedir(), 'Library', 'Application Support', 'Nagare')],
    ['win32', { APPDATA: '/roaming' }, join('/roaming', 'Nagare')],
  ] as const)('lie in the data folder of %s', (platform, env, home) => {
    expect(places(env, platform).home).toBe(home)
  })

  it('find the app above this file, and its resources beside an archive', () => {
    const root = resolve(import.meta.dirname, '../../..')
    expect(places({}).root).toBe(root)
    expect(places({}).starterPacks).toBe(join(root, 'resources', 'packs'))
    const installed = join('/opt', 'Nagare', 'resources')
    const packaged = places({}, 'linux', join(installed, 'app.asar'))
    expect(packaged.starterPacks).toBe(join(installed, 'resources', 'packs'))
    expect(packaged.engine).toBe(join(installed, 'app.asar', 'out', 'main', 'engine.js'))
  })
})
