import { NagareError } from '../../lib/errors'
import type { OnnxGraph, OnnxNode, OnnxValueInfo } from './graph'

/**
 * A program's graph with the names that people give: inputs, outputs and weights bear the program's own (`power`, not `inputs.power`; a state `h` comes
 * in as `h` and goes out as `next.h`), nodes that of the weights they work with or follow, and their operator (`decoder.hidden/MatMul`), and
 * constants that of their first user. Throws `bad-input` where two of the program's values share a name.
 */
export function withReadableNames(program: OnnxGraph): OnnxGraph {
  const graph = withoutCopies(program)
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const claim = (name: string) => {
    if (taken.has(name))
      throw new NagareError('bad-input', `Program "${graph.name}" has two values named "${name}".`, {
        hint: 'Give each input, output, state and parameter a name of its own.',
      })
    taken.add(name)
    return name
  }
  const free = (wanted: string) => {
    let name = wanted
    for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`
    return claim(name)
  }
  const plain = <T extends OnnxValueInfo>(values: readonly T[]): T[] =>
    values.map((value) => {
      names.set(value.name, claim(value.name.replace(/^(inputs|outputs|state)\./, '')))
      return { ...value, name: names.get(value.name)! }
    })
  const inputs = plain(graph.inputs)
  const outputs = plain(graph.outputs)
  const scopes = new Map<string, string>(graph.inputs.map(({ name }) => [name, names.get(name)!]))
  const weights = new Map<string, string>()
  for (const { name } of graph.tensors) {
    const weight = /^params\.(.*)$/.exec(name)?.[1]
    if (weight === undefined) continue
    names.set(name, claim(weight))
    weights.set(name, weight.replace(/\.[^.]*$/, ''))
  }
  const constants = new Set([...graph.constants, ...graph.tensors].map(({ name }) => name))

  const nodes = graph.nodes.map((node): OnnxNode => {
    const known = (from: ReadonlyMap<string, string>) => node.inputs.find((name) => from.has(name))
    const weight = known(weights)
    const before = known(scopes)
    const scope = weight ? weights.get(weight)! : before ? scopes.get(before)! : 'constant'
    const name = free(`${scope}/${node.type}`)
    node.inputs.forEach((input, i) => {
      if (constants.has(input) && !names.has(input)) names.set(input, free(`${name}.${i}`))
    })
    node.outputs.forEach((output, i) => {
      scopes.set(output, scope)
      if (!names.has(output)) names.set(output, i === 0 ? name : free(`${name}:${i}`))
    })
    const renamed = (list: readonly string[]) => list.map((old) => names.get(old) ?? old)
    return { ...node, name, inputs: renamed(node.inputs), outputs: renamed(node.outputs) }
  })
  const named = <T extends { name: string }>(list: readonly T[]) =>
    list.map((value) => ({ ...value, name: names.get(value.name)! }))
  return { ...graph, inputs, outputs, nodes, constants: named(graph.constants), tensors: named(graph.tensors) }
}

/** The graph in which a node that computes an output writes to it, without a copy after it. */
function withoutCopies(graph: OnnxGraph): OnnxGraph {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs))
  const target = new Map<string, string>()
  const nodes = graph.nodes.filter(({ type, inputs, outputs: [output] }) => {
    const from = inputs[0]!
    const isCopy = type === 'Identity' && outputs.has(output!)
    if (!isCopy || !computed.has(from) || outputs.has(from) || target.has(from)) return true
    target.set(from, output!)
    return false
  })
  const of = (name: string) => target.get(name) ?? name
  return {
    ...graph,
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(of), outputs: node.outputs.map(of) })),
  }
}
