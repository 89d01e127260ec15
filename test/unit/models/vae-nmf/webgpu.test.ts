import { fork } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../../helpers/bundle'
import { softwareVulkan } from '../../../helpers/software-vulkan'

const pack = resolve(import.meta.dirname, '../../../../resources/packs/speech-enhancer.nagare')
const icd = softwareVulkan()
const title = icd
  ? 'the speech enhancer on WebGPU (SwiftShader)'
  : 'the speech enhancer on WebGPU (skipped: no software Vulkan driver; Chromium brings one)'

/** How far `found` is from `due`, in dB of the latter's power. */
function distance(found: readonly number[], due: readonly number[]): number {
  let [off, power] = [0, 0]
  for (const [i, y] of due.entries()) {
    off += (found[i]! - y) ** 2
    power += y * y
  }
  return 10 * Math.log10(off / power)
}

describe.skipIf(!icd)(title, () => {
  let bundled: Awaited<ReturnType<typeof bundle>> | undefined
  let sent: { card: number[]; processor: number[]; otherSeed: number[] }

  beforeAll(async () => {
    bundled = await bundle({ enhance: 'test/helpers/enhance-on-webgpu.ts' })
    const child = fork(join(bundled.folder, 'enhance.mjs'), [pack], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        VK_ICD_FILENAMES: icd,
        // Chromium brings the loader too; the system may have none.
        LD_LIBRARY_PATH: [dirname(icd!), process.env['LD_LIBRARY_PATH'] ?? ''].join(':'),
      },
    })
    let said = ''
    child.stderr!.on('data', (text: Buffer) => (said += text.toString()))
    const ended = once(child, 'close').then(([code, signal]) => {
      throw new Error(`The process ended with ${signal ?? code} before it sent its sound:\n${said}`)
    })
    ;[sent] = (await Promise.race([once(child, 'message'), ended])) as [typeof sent]
  }, 120_000)
  afterAll(() => bundled?.remove())

  it('makes the same sound as the processor', () => {
    expect(sent.card).toHaveLength(8000)
    // Measured: −148 dB. Another seed, and so another chain of samples, is at −36 dB.
    expect(distance(sent.card, sent.processor)).toBeLessThan(-100)
    expect(distance(sent.otherSeed, sent.processor)).toBeGreaterThan(-60)
  })
})
