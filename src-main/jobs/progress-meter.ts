import type { Progress } from '@contract'
import type { TaskProgress } from '../tasks/task'

/** Seconds over which the rate of work is averaged. */
const memory = 10
/** Seconds of work before a time left is told. */
const warmUp = 1

/**
 * Turns a task's own progress into what people see: `done` never runs backwards within a phase, the time left follows an
 * exponentially smoothed rate, the real-time factor is processing time per time of material since the start.
 */
export function progressMeter(now: () => number): (report: TaskProgress) => Progress {
  const startedAt = now()
  let phase: string | undefined
  let done = 0
  let at = startedAt
  let phaseAt = startedAt
  // Both sums fade at one rate, so that their quotient is a mean over the last `memory` seconds from the first moment on.
  let work = 0
  let time = 0
  let material = 0

  return (report) => {
    const t = now()
    if (report.phase !== phase) {
      phase = report.phase
      done = 0
      work = time = 0
      phaseAt = at = t
    }
    const total = Math.max(0, report.total)
    const next = Math.max(done, Math.min(report.done, total))
    const seconds = (t - at) / 1000
    const fade = Math.exp(-seconds / memory)
    work = work * fade + (next - done)
    time = time * fade + seconds
    done = next
    at = t
    material = Math.max(material, report.materialSeconds ?? 0)
    const isKnown = (t - phaseAt) / 1000 >= warmUp && work > 0 && time > 0
    return {
      phase: report.phase,
      done,
      total,
      etaSeconds: isKnown ? ((total - done) * time) / work : null,
      rtf: material > 0 && t > startedAt ? (t - startedAt) / 1000 / material : null,
    }
  }
}
