import { NagareError } from '../../lib/errors'
import { printable, unsupported } from './refusals'
import {
  describe,
  isDict,
  isRecord,
  type TorchDict,
  type TorchObject,
  type TorchTensor,
  type TorchValue,
} from './values'

/** The tensors of a model by their dotted names, however the file wraps them. */
export interface StateDict {
  tensors: Map<string, TorchTensor>
  /** The pickled module, where the file holds one whole. */
  module: TorchObject | undefined
  /** The dict that the model lies in, with whatever else was saved beside it. */
  around: TorchDict | undefined
}

/** Keys under which training scripts save the model. */
const modelKeys = ['model', 'state_dict', 'model_state_dict']
const wrappers = ['DataParallel', 'DistributedDataParallel']

/** More modules and tensors than any network read here has. */
const maxVisits = 100_000
const maxDepth = 32

/**
 * Finds the model in what `readTorchFile` gave: a state dict, a whole module, or either under `model`, `state_dict` or `model_state_dict`; a `module.`
 * before every name, which parallel training leaves, is taken off. Throws `bad-input` where there is no model.
 */
export function stateDict({ path, root }: { path: string; root: TorchValue }): StateDict {
  let value: TorchValue | undefined = root
  let around: TorchDict | undefined
  for (let depth = 0; depth < 4; depth++) {
    if (isRecord(value, 'object') && isDict(value.fields.get('_modules'))) {
      const module = unwrapped(value)
      return { tensors: ofModule(path, module), module, around }
    }
    if (!isDict(value)) break
    const key: string | undefined = modelKeys.find((name) => {
      const inner = (value as TorchDict).get(name)
      return isDict(inner) || isRecord(inner, 'object')
    })
    if (key === undefined) {
      if (value.size && [...value.values()].some((entry) => isRecord(entry, 'tensor')))
        return { tensors: ofDict(path, value), module: undefined, around }
      break
    }
    around = value
    value = value.get(key)
  }
  throw new NagareError(
    'bad-input',
    `${path} holds no model: expected a module or a dict of tensors, found ${printable(describe(value))}${keysOf(value)}.`,
    { file: path, hint: 'Choose the checkpoint of the model itself.' },
  )
}

function keysOf(value: TorchValue | undefined): string {
  if (!isDict(value)) return ''
  const names = [...value.keys()].slice(0, 8).map((key) => printable(String(isSimple(key) ? key : describe(key))))
  return ` with ${names.join(', ') || 'nothing in it'}`
}

const isSimple = (value: TorchValue) => typeof value === 'string' || typeof value === 'number'

function unwrapped(module: TorchObject): TorchObject {
  const inner = wrappers.includes(module.name) && (module.fields.get('_modules') as TorchDict).get('module')
  return inner && isRecord(inner, 'object') && isDict(inner.fields.get('_modules')) ? inner : module
}

function ofDict(path: string, dict: TorchDict): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  const prefix = [...dict.keys()].every((key) => String(isSimple(key) && key).startsWith('module.')) ? 'module.' : ''
  for (const [key, value] of dict) {
    if (typeof key !== 'string' || !isRecord(value, 'tensor'))
      throw new NagareError(
        'bad-input',
        `${path}: a state dict holds tensors by name; found ${printable(describe(value))} as ${printable(describe(key))}.`,
        { file: path },
      )
    tensors.set(key.slice(prefix.length), value)
  }
  return tensors
}

/** Parameters and persistent buffers of a module and those below it, as `state_dict()` names them. */
function ofModule(path: string, root: TorchObject): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  const waiting: { module: TorchObject; prefix: string; depth: number }[] = [{ module: root, prefix: '', depth: 0 }]
  let visits = 0
  const visit = () => {
    if (++visits > maxVisits) throw unsupported(path, `holds a model of over ${maxVisits} parts`)
  }
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { module, prefix, depth } = next
    if (depth > maxDepth) throw unsupported(path, `holds a model nested over ${maxDepth} deep, or within itself`)
    const passing = module.fields.get('_non_persistent_buffers_set')
    for (const kind of ['_parameters', '_buffers'])
      for (const [name, value] of entries(module, kind)) {
        visit()
        if (kind === '_buffers' && passing instanceof Set && passing.has(name)) continue
        if (isRecord(value, 'tensor')) tensors.set(prefix + name, value)
      }
    for (const [name, value] of entries(module, '_modules')) {
      visit()
      if (isRecord(value, 'object')) waiting.push({ module: value, prefix: `${prefix}${name}.`, depth: depth + 1 })
    }
  }
  return tensors
}

function* entries(module: TorchObject, kind: string): Generator<[string, TorchValue]> {
  const dict = module.fields.get(kind)
  if (!isDict(dict)) return
  for (const [name, value] of dict) if (typeof name === 'string' && name.length < 200) yield [name, value]
}
