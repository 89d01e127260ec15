import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { numpyNumbers, plainValue, readTorchFile, stateDict } from '../../../../src-main/packs'
import { isDict, isRecord, isSequence, type TorchTensor, type TorchValue } from '../../../../src-main/packs/torch'
import { readNpz } from '../../../../src-main/packs'

const fixture = (name: string) => join(import.meta.dirname, '../../../golden/waveglow-import', name)

async function opened<T>(name: string, use: (file: Awaited<ReturnType<typeof readTorchFile>>) => Promise<T> | T) {
  const file = await readTorchFile(fixture(name))
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

const entry = (value: TorchValue, key: string) => (isDict(value) ? value.get(key) : undefined)

describe.each(['views-zip.pt', 'views-legacy.pt'])('number types and views in %s', (name) => {
  const due: Record<string, [shape: number[], dtype: string, data: number[]]> = {
    transposed: [
      ...[[6, 4], 'float32'],
      [0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23],
    ] as [number[], string, number[]],
    strided: [[5], 'float32', [1, 6, 11, 16, 21]],
    shared: [[3, 4], 'float32', [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]],
    scalar: [[], 'float32', [2.5]],
    empty: [[0, 3], 'float32', []],
    double: [[3], 'float32', [0, Math.fround(1 / 3), Math.fround(2 / 3)]],
    half: [[3], 'float32', [0, 0.333251953125, 0.66650390625]],
    bfloat16: [[3], 'float32', [0, 0.333984375, 0.66796875]],
    long: [[2], 'int32', [-5, 2 ** 31 - 1]],
    int: [[2], 'int32', [-7, 9]],
    short: [[1], 'int32', [-300]],
    byte: [[1], 'int32', [200]],
    char: [[1], 'int32', [-100]],
    bool: [[2], 'bool', [1, 0]],
  }

  it.each(Object.entries(due))('reads %s', async (key, [shape, dtype, data]) => {
    const array = await opened(name, (file) => file.read(entry(file.root, key) as TorchTensor))
    expect({ ...array, data: [...array.data] }).toEqual({ shape, dtype, data })
  })

  it('holds nothing else', async () => {
    expect(await opened(name, ({ root }) => isDict(root) && [...root.keys()].sort())).toEqual(Object.keys(due).sort())
  })
})

describe('the whole module that Blow saves', () => {
  it('is read as a state dict, and its plain objects as records', async () => {
    await opened('blow_small.model.pt', async (file) => {
      const { tensors, module } = stateDict(file)
      expect([module?.module, module?.name, tensors.size]).toEqual(['models.blow', 'Model', 109])
      expect(tensors.get('blocks.2.flows.1.coupling.net.adapt_w.weight')?.shape).toEqual([96, 128])
      expect(tensors.get('blocks.0.flows.0.mixer.s_sign')?.shape).toEqual([2])
      const norm = await file.read(tensors.get('blocks.1.flows.0.norm.logs')!)
      expect(norm.shape).toEqual([1, 4, 1])
      expect(norm.data.every((value) => Number.isFinite(value) && Math.abs(value) < 20)).toBe(true)
      expect(norm.data.some((value) => value !== 0)).toBe(true)
    })
  })

  it('has its arguments in a Namespace', async () => {
    expect(await opened('blow_small.args.pt', plainValue)).toMatchObject({
      ...{ sr: 16_000, lchunk: 256, nblocks: 3, nflows: 2, ncha: 32, frame_energy_thres: 0.025, trim: null },
      ...{ model: 'blow', multigpu: false },
    })
  })

  it('has its report in NumPy arrays and numbers', async () => {
    await opened('report.pt', (file) => {
      expect(plainValue(file)).toEqual([
        [0, 1, 2, 3, 4, 5],
        [0.5, 3],
        { loss: -4.25, best: null, name: 'blow' },
        'é',
        String(2n ** 70n),
      ])
      const array = isSequence(file.root) ? file.root[0] : undefined
      expect(isRecord(array, 'numpy-array') && numpyNumbers(array, file.path).shape).toEqual([2, 3])
    })
  })
})

describe('state dicts', () => {
  const names = ['state.pt', 'module-zip.pt', 'module-legacy.pt', 'parallel-legacy.pt']

  it.each(names)('has the same names and numbers in %s', async (name) => {
    const expected = await readNpz(fixture('expected.npz'))
    await opened(name, async (file) => {
      const { tensors } = stateDict(file)
      const end = await file.read(tensors.get('WN.3.end.weight')!)
      expect(end).toBeAllclose(expected['flows.3.end.weight']!, { relative: 0, absolute: 0 })
      expect(tensors.size).toBe(86)
      expect([...tensors.keys()].filter((key) => /module|W_inverse/.test(key))).toEqual([])
    })
  })

  it('say what else was saved beside them', async () => {
    await opened('hub-legacy.pt', (file) => {
      const { around, module } = stateDict(file)
      expect(module).toBeUndefined()
      expect(plainValue({ path: '', root: around!.get('config')! })).toMatchObject({ n_mel_channels: 2, n_flows: 4 })
    })
  })

  it('are not found in a report', async () => {
    await opened('report.pt', (file) => {
      expect(() => stateDict(file)).toThrow(
        /report\.pt holds no model: expected a module or a dict of tensors, found a list/,
      )
    })
  })
})
