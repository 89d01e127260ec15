import { cpuDevice, onnxRuntimeDevice } from '../../src-main/compute/devices/onnx-runtime'
import { gpuProviders } from '../../src-main/compute/devices/providers'
import type { Device } from '../../src-main/compute/program'
import { McemSettings } from '../../src-main/models/vae-nmf/config'
import { openEnhancer } from '../../src-main/models/vae-nmf/enhancer'
import { speechModel } from '../../src-main/models/vae-nmf/model'
import { openPack } from '../../src-main/packs'
import { babble } from './signals'

/**
 * Run as a process of its own, since a graphics driver is chosen when a process starts: cleans half a second of sound with the model of the command
 * line on the WebGPU provider and on the processor, there with another seed too, and sends `{ card, processor, otherSeed }`.
 */
const model = speechModel(await openPack(process.argv[2]!))
const provider = gpuProviders['webgpu']!

async function clean(device: Device, seed: number): Promise<number[]> {
  const enhancer = openEnhancer(device, model, McemSettings.parse({ iterations: 3, moves: 3, finalMoves: 4 }), {
    channels: 1,
    seed,
    step: () => {},
  })
  const parts = [await enhancer.push([babble(8000, model.frontEnd.sampleRate)]), await enhancer.flush()]
  await enhancer.dispose()
  return parts.flatMap(({ clean }) => [...clean[0]!])
}

process.send!(
  {
    card: await clean(onnxRuntimeDevice('webgpu', provider.name, provider, { threads: 1 }), 1),
    processor: await clean(cpuDevice(), 1),
    otherSeed: await clean(cpuDevice(), 2),
  },
  () => process.exit(0),
)
