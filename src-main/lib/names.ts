import { basename, extname } from 'node:path'

/** A file's name without folder and extension. */
export function stem(name: string): string {
  return basename(name, extname(name))
}
