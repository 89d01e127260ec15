import { systemPreferences, type Session } from 'electron'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { guardSession } from '../../../src-main/shell/guards'

type Request = (contents: unknown, permission: string, answer: (granted: boolean) => void, details: object) => void

describe('the microphone on macOS', () => {
  it.each([
    ['is given where the person agrees', async () => true, true],
    ['is not where they do not', async () => false, false],
    ['is not where the system cannot ask', async () => Promise.reject(new Error('no bundle')), false],
  ])('%s', async (_, ask, expected) => {
    vi.stubGlobal('process', { ...process, platform: 'darwin' })
    vi.spyOn(systemPreferences, 'askForMediaAccess').mockImplementation(ask)
    onTestFinished(() => void (vi.unstubAllGlobals(), vi.restoreAllMocks()))
    let request: Request
    guardSession({
      setPermissionRequestHandler: (handler: Request) => (request = handler),
      ...{ setPermissionCheckHandler() {}, setDevicePermissionHandler() {}, on() {} },
    } as unknown as Session)
    const details = { requestingUrl: 'app://bundle/', isMainFrame: true, mediaTypes: ['audio'] }
    expect(await new Promise((answer) => request({}, 'media', answer, details))).toBe(expected)
  })
})
