import { errorRecord, NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import type { Device, ProgramSpec } from '../program'

/** One run of a program as a device did it. */
export interface DeviceRun {
  inputs: NDArrays
  outputs: NDArrays
  /** The state before the run. */
  state(): Promise<NDArrays>
}

/**
 * A check of a device's runs: where an output holds NaN or infinity, the same run is done again on `trusted`. Throws `unavailable` naming the device
 * where that one's numbers are finite; where they are not either, the program itself left the numbers and no further run is checked.
 */
export function finiteCheck(
  device: Pick<Device, 'id' | 'name'>,
  trusted: () => Device,
  spec: ProgramSpec,
  params: NDArrays,
): (run: DeviceRun) => Promise<void> {
  let done = false
  return async ({ inputs, outputs, state }) => {
    if (done) return
    const bad = notFinite(outputs)
    if (bad === undefined) return
    const runner = await trusted().load(spec, { params, state: await state() })
    try {
      const due = await runner.run(inputs)
      const wrong = Object.keys(outputs).find((name) => !finite(outputs[name]!.data) && finite(due[name]!.data))
      if (wrong !== undefined)
        throw new NagareError(
          'unavailable',
          `${device.name} computes wrongly: output "${wrong}" of program "${spec.name}" holds ${firstNotFinite(outputs[wrong]!.data)}, the processor gives ${due[wrong]!.data[0]} ….`,
          { hint: 'Update the graphics driver, or compute on the processor: --device cpu.', device: device.id },
        )
      done = true
    } finally {
      await runner.dispose()
    }
  }
}

/**
 * An error of the device's own software as one that names the device and the program; where that is not the processor it carries the device's id, by
 * which a caller can tell that another device may do it.
 */
export function deviceError(device: Pick<Device, 'id' | 'name'>, spec: ProgramSpec, thrown: unknown): NagareError {
  const isProcessor = device.id === 'cpu'
  if (lacksHalf(thrown))
    return new NagareError('unavailable', `${device.name} cannot compute with 16-bit floats.`, {
      hint: 'Choose float32.',
      cause: thrown,
      ...(isProcessor ? {} : { device: device.id }),
    })
  if (thrown instanceof NagareError && (isProcessor || thrown.code !== 'internal')) return thrown
  const { message } = errorRecord(thrown)
  const said = `${device.name} failed in program "${spec.name}": ${message}`
  return isProcessor
    ? new NagareError('internal', said, { cause: thrown })
    : new NagareError('unavailable', said, {
        cause: thrown,
        hint: 'Compute on the processor: --device cpu.',
        device: device.id,
      })
}

/** Whether ONNX Runtime said that the device has no 16-bit floats. */
export const lacksHalf = (thrown: unknown): boolean => /\brequires f16\b/.test(errorRecord(thrown).message)

const notFinite = (arrays: NDArrays) => Object.keys(arrays).find((name) => !finite(arrays[name]!.data))

type Numbers = NDArrays[string]['data']

/** A sum is finite only where all its terms are, unless it overflows: then each is looked at. */
function finite(data: Numbers): boolean {
  if (!(data instanceof Float32Array)) return true
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  return Number.isFinite(sum) || firstNotFinite(data) === undefined
}

const firstNotFinite = (data: Numbers): number | undefined =>
  Array.prototype.find.call(data, (x: number) => !Number.isFinite(x)) as number | undefined
