import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchSuite } from '../../src-main/cli/bench'
import { blow } from './blow'
import { compute } from './compute'
import { inspect } from './inspect'
import { quant } from './quant'
import { serveCase } from './serve'
import { soak } from './soak'
import { waveglow } from './waveglow'

/** The suites of `nagare bench`. */
export const suites: readonly BenchSuite[] = [compute, waveglow, blow, inspect, quant, soak]

// The same bundle, started as a program of its own, is the measured process: `bench.js CASE`.
const [, program, caseName] = process.argv
if (program && caseName && realpathSync(program) === realpathSync(fileURLToPath(import.meta.url)))
  await serveCase(caseName)
