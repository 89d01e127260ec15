import { expect } from 'vitest'
import { openDevice, type LoadValues, type ProgramSpec } from '../../../src-main/compute'
import type { NDArrays } from '../../../src-main/lib/ndarray'

/** Runs a program on the processor and op by op, and expects results alike: as far apart as rounding explains, in parts of each one's largest number. */
export async function expectAsReference(spec: ProgramSpec, values: LoadValues, inputs: NDArrays): Promise<void> {
  const run = async (id: string) => {
    const runner = await (await openDevice(id)).load(spec, values)
    const outputs = await runner.run(inputs)
    await runner.dispose()
    return outputs
  }
  const [expected, found] = [await run('reference'), await run('cpu')]
  expect(Object.keys(found)).toEqual(Object.keys(expected))
  for (const [name, { data, shape }] of Object.entries(expected)) {
    const other = found[name]!
    expect(other.shape, name).toEqual(shape)
    const largest = Math.max(...Array.from(data, Math.abs))
    const apart = Math.max(...Array.from(data, (value, i) => Math.abs(value - other.data[i]!)))
    expect(apart / largest, name).toBeLessThan(5e-5)
  }
}
