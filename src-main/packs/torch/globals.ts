import { ndarray, numpyFunctions } from './numpy'
import { dtypeNames, storageNames } from './number-types'
import { rebuildParameter, rebuildTensor, rebuildTensorV3 } from './rebuild'
import { corrupt, refusedGlobal } from './refusals'
import {
  describe,
  isSequence,
  type PickleContext,
  type TorchClass,
  type TorchDict,
  type TorchFunction,
  type TorchValue,
} from './values'

/** Classes of which instances are read, as records of their fields. */
const classes: Record<string, string[]> = {
  glow: ['WaveGlow', 'WN', 'Invertible1x1Conv'],
  glow_old: ['WaveGlow', 'WN', 'Invertible1x1Conv'],
  'waveglow.glow': ['WaveGlow', 'WN', 'Invertible1x1Conv'],
  'waveglow.model': ['WaveGlow', 'WN', 'Invertible1x1Conv'],
  'models.blow': ['Model', 'Block', 'Flow', 'InvConv', 'ActNorm', 'AffineCoupling', 'CouplingNet', 'Squeezer'],
  'torch.nn.modules.container': ['ModuleList', 'Sequential', 'ModuleDict', 'ParameterList'],
  'torch.nn.modules.conv': ['Conv1d', 'Conv2d', 'ConvTranspose1d', 'ConvTranspose2d'],
  'torch.nn.modules.linear': ['Linear', 'Identity'],
  'torch.nn.modules.sparse': ['Embedding'],
  'torch.nn.modules.activation': ['ReLU', 'LeakyReLU', 'Tanh', 'Sigmoid', 'Softmax'],
  'torch.nn.modules.batchnorm': ['BatchNorm1d', 'BatchNorm2d'],
  'torch.nn.modules.dropout': ['Dropout'],
  'torch.nn.utils.weight_norm': ['WeightNorm'],
  'torch.nn.parallel.data_parallel': ['DataParallel'],
  'torch.nn.parallel.distributed': ['DistributedDataParallel'],
  argparse: ['Namespace'],
}

type Call = TorchFunction['call']

/** Functions that may be called; each puts its checked arguments into a record. */
const functions: Record<string, Record<string, Call>> = {
  'torch._utils': {
    _rebuild_tensor: rebuildTensor,
    _rebuild_tensor_v2: rebuildTensor,
    _rebuild_tensor_v3: rebuildTensorV3,
    _rebuild_parameter: rebuildParameter,
    _rebuild_parameter_with_state: rebuildParameter,
  },
  'torch.nn.parameter': { Parameter: rebuildParameter },
  torch: {
    Size: ([sides], { file }) => sequence(sides, file, 'torch.Size'),
    device: (args) => args,
  },
  collections: { OrderedDict: orderedDict },
  __builtin__: { set: newSet, frozenset: newSet, bytes: encode },
  builtins: { set: newSet, frozenset: newSet, bytes: encode },
  _codecs: { encode },
  ...Object.fromEntries(
    ['numpy.core.multiarray', 'numpy._core.multiarray', 'numpy'].map((module) => [module, numpyCalls(module)]),
  ),
}

function numpyCalls(module: string): Record<string, Call> {
  const names = module === 'numpy' ? (['dtype'] as const) : (['_reconstruct', 'scalar'] as const)
  return Object.fromEntries(names.map((name) => [name, numpyFunctions[name]]))
}

const table = new Map<string, TorchValue>()
const add = (module: string, name: string, value: TorchValue) => table.set(`${module} ${name}`, Object.freeze(value))
for (const [module, names] of Object.entries(classes))
  for (const name of names) add(module, name, { type: 'class', module, name } satisfies TorchClass)
for (const [module, calls] of Object.entries(functions))
  for (const [name, call] of Object.entries(calls))
    add(module, name, { type: 'function', module, name, call } satisfies TorchFunction)
add('numpy', 'ndarray', ndarray)
for (const [name, dtype] of Object.entries(storageNames))
  for (const module of ['torch', 'torch.cuda', 'torch.storage'])
    add(module, name, { type: 'number-type', dtype, isStorage: true })
for (const [name, dtype] of Object.entries(dtypeNames))
  add('torch', name, { type: 'number-type', dtype, isStorage: false })

/** What a file may name, out of a closed table of inert stand-ins; throws `unsupported` with module and name for everything else. */
export function findGlobal(file: string, module: string, name: string): TorchValue {
  const found = table.get(`${module} ${name}`)
  if (found === undefined || module.includes(' ')) throw refusedGlobal(file, module, name)
  return found
}

function sequence(value: TorchValue | undefined, file: string, what: string): readonly TorchValue[] {
  if (isSequence(value)) return value
  throw corrupt(file, `${what} is made of ${describe(value)}`)
}

function orderedDict([pairs = []]: readonly TorchValue[], { file, spend }: PickleContext): TorchDict {
  const dict: TorchDict = new Map()
  for (const pair of sequence(pairs, file, 'an OrderedDict')) {
    spend('operations', 1)
    const [key, value] = sequence(pair, file, 'an item of an OrderedDict')
    if (key === undefined || value === undefined) throw corrupt(file, 'an item of an OrderedDict is no pair')
    dict.set(key, value)
  }
  return dict
}

function newSet([items = []]: readonly TorchValue[], { file, spend }: PickleContext): ReadonlySet<TorchValue> {
  const list = sequence(items, file, 'a set')
  spend('operations', list.length)
  return new Set(list)
}

/** Byte strings, which Python writes as text of their Latin-1 characters. */
function encode(args: readonly TorchValue[], { file, spend }: PickleContext): Uint8Array {
  const [text = '', coding = 'latin1'] = args
  if (typeof text !== 'string' || (coding !== 'latin1' && coding !== 'latin-1'))
    throw corrupt(file, `a byte string is made of ${describe(text)} and ${describe(coding)}`)
  spend('copiedBytes', text.length)
  return Buffer.from(text, 'latin1')
}
