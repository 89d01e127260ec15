import type { BenchCase, LoadCase } from '../bench-case'
import { convolution } from './conv1d'
import { gan } from './gan'
import { matmul } from './matmul'
import { tiny } from './tiny'
import { waveglowInference, waveglowStep } from './waveglow'
import { wavenetForward, wavenetLoad, wavenetStep } from './wavenet'

/** The rows of the table, in order. */
export const cases: readonly BenchCase[] = [matmul, convolution, wavenetForward, wavenetStep, gan, tiny]

/** The programs whose loading is measured. */
export const loads: readonly LoadCase[] = [wavenetLoad, waveglowInference, waveglowStep]
