import type { BenchCase } from '../bench-case'
import { convolution } from './conv1d'
import { gan } from './gan'
import { matmul } from './matmul'
import { tiny } from './tiny'
import { wavenetForward, wavenetStep } from './wavenet'

/** The rows of the table, in order. */
export const cases: readonly BenchCase[] = [matmul, convolution, wavenetForward, wavenetStep, gan, tiny]
