import type { StateDict } from '../../packs'

type Module = NonNullable<StateDict['module']>
type Field = ReturnType<Module['fields']['get']>

/** A plain attribute of the module at `path` (`WN.0.start`) within `root`; undefined where there is none. */
export function fieldOf(root: Module, path: string, name: string): Field {
  let module: Field = root
  for (const step of path ? path.split('.') : []) {
    const inside: Field = fields(module)?.get('_modules')
    module = inside instanceof Map ? inside.get(step) : undefined
  }
  return fields(module)?.get(name)
}

const fields = (module: Field) =>
  typeof module === 'object' && module !== null && 'fields' in module ? module.fields : undefined
