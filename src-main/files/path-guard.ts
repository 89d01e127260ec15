import { realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/**
 * The decoded names of a URL's path, or undefined unless each is a plain visible base name: no separators, `..`, NUL,
 * leading dot, drive or stream colon, or the trailing dots and spaces that Windows drops.
 */
export function plainNames(pathname: string): string[] | undefined {
  try {
    const names = pathname.split('/').slice(1).map(decodeURIComponent)
    // eslint-disable-next-line no-control-regex
    return names.every((name) => name !== '' && !/^\.|[/\\:\u0000-\u001f]|[. ]$/.test(name)) ? names : undefined
  } catch {
    return undefined
  }
}

/** The real path of `names` under `root`; undefined when nothing is there or a link leads outside `root`. */
export async function inside(root: string, ...names: string[]): Promise<string | undefined> {
  try {
    const [base, path] = await Promise.all([realpath(root), realpath(join(root, ...names))])
    return path.startsWith(base + sep) ? path : undefined
  } catch {
    return undefined
  }
}
