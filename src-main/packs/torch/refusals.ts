import { NagareError } from '../../lib/errors'

const saveAgain = 'Save the model again as torch.save(model.state_dict(), FILE) and import that.'

/** A damaged file. */
export const corrupt = (file: string, why: string, cause?: unknown) =>
  new NagareError('corrupt', `${file} is no whole PyTorch file: ${why}.`, { file, hint: 'Get the file again.', cause })

/** A file that may be whole but is not read. */
export const unsupported = (file: string, what: string) =>
  new NagareError('unsupported', `${file} ${what}. Nothing in the file was executed.`, { file, hint: saveAgain })

/** A class or function outside the closed table; named, so that a person sees what the file was up to. */
export const refusedGlobal = (file: string, module: string, name: string) =>
  unsupported(file, `asks for ${printable(module)}.${printable(name)}, which Nagare does not read from a checkpoint`)

/** Text from a file, fit for a message. */
export const printable = (text: string) => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')
