import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createWav, openAudio } from '../../src-main/dsp'
import { NagareError } from '../../src-main/lib/errors'
import type { TaskDefinition } from '../../src-main/tasks/task'

const settings = z.object({
  steps: z.int().min(1).default(4),
  /** How long each step takes. */
  milliseconds: z.int().min(0).default(0),
  /** Never looks whether it was cancelled. */
  deaf: z.boolean().default(false),
  /** Ends with this error. */
  failure: z.string().optional(),
  /** Any device but the processor fails with this half way. */
  deviceFailure: z.string().optional(),
})

/** A task for tests that copies its source in steps, as slowly and as badly as it is told to. */
export const copyTask: TaskDefinition<typeof settings> = {
  id: 'copy',
  label: 'Copy',
  description: 'Copies a recording.',
  accepts: ['audio'],
  packKinds: ['test'],
  settings,
  commandOptions: ({ steps }) => ['--steps', String(steps)],
  async run({
    source,
    sourceName,
    settings: { steps, milliseconds, deaf, failure, deviceFailure },
    device,
    output,
    progress,
    checkCancelled,
  }) {
    const reader = await openAudio(source)
    const { sampleRate, channels, frames } = reader.info
    const file = output('copy')
    const writer = await createWav(file, { sampleRate, channels, format: 'f32' })
    try {
      for (let step = 0; step < steps; step++) {
        if (!deaf) checkCancelled()
        if (deviceFailure && device !== 'cpu' && step >= steps / 2)
          throw new NagareError('unavailable', deviceFailure, { device })
        const block = await reader.read(Math.ceil(frames / steps))
        if (block) await writer.write(block)
        await sleep(milliseconds)
        progress({
          phase: 'Copying',
          done: step + 1,
          total: steps,
          materialSeconds: ((step + 1) * frames) / steps / sampleRate,
        })
      }
      if (failure) throw new Error(failure)
      await writer.finish()
      return [{ role: 'copy', file, name: sourceName.replace(/\.\w+$/, ' (copy).wav') }]
    } catch (thrown) {
      await writer.abort()
      throw thrown
    } finally {
      await reader.close()
    }
  },
}
