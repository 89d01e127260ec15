import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghijkmnpqrstuvwxyz'

/** A short random id with a letter for its kind, e.g. `a-k3f9x2q1`; lowercase, safe in file names and URLs. */
export function newId(kind: string): string {
  const limit = 256 - (256 % alphabet.length)
  let id = ''
  while (id.length < 8)
    for (const byte of randomBytes(16)) if (byte < limit && id.length < 8) id += alphabet[byte % alphabet.length]
  return `${kind}-${id}`
}
