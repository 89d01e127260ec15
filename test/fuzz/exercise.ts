import { writeFileSync } from 'node:fs'
import { NagareError } from '../../src-main/lib/errors'
import { importWaveGlow } from '../../src-main/models/waveglow/import'
import { plainValue, readTorchFile, stateDict } from '../../src-main/packs'

/** How a file ended: imported, only read, or refused with a code. Anything but a `NagareError` with a cause of its own is thrown on. */
export type Outcome = 'imported' | 'read' | 'corrupt' | 'unsupported' | 'bad-input'

/** Does to the file `bytes`, put at `path`, all that importers do: imports it, or reads what there is: its settings and every tensor. */
export async function exercise(bytes: Uint8Array, path: string): Promise<Outcome> {
  writeFileSync(path, bytes)
  try {
    await importWaveGlow(path, {})
    return 'imported'
  } catch (thrown) {
    refusal(thrown)
  }
  try {
    const file = await readTorchFile(path)
    await quietly(() => plainValue(file))
    await quietly(async () => {
      for (const tensor of stateDict(file).tensors.values()) await file.read(tensor)
    })
    await file.close()
    return 'read'
  } catch (thrown) {
    return refusal(thrown)
  }
}

async function quietly(work: () => unknown) {
  try {
    await work()
  } catch (thrown) {
    refusal(thrown)
  }
}

/** The code of an honest refusal; whatever else was thrown is a fault of ours. */
function refusal(thrown: unknown): 'corrupt' | 'unsupported' | 'bad-input' {
  if (thrown instanceof NagareError && ['corrupt', 'unsupported', 'bad-input'].includes(thrown.code))
    return thrown.code as 'corrupt'
  throw thrown
}
