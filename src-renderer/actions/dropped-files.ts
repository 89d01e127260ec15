/** Bounds of a walk through dropped folders. */
export const mostFiles = 20_000
const deepest = 16

export interface Dropped {
  files: File[]
  /** Whether more lay there than `mostFiles`. */
  isCut: boolean
  /** Files in folders that are of no kind that is read. */
  passedOver: number
  /** Whether a folder was among what was dropped. */
  hasFolder: boolean
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject))

/** All entries of a folder; a reader answers at most a hundred at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return all.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
    all.push(...some)
    if (all.length > 10 * mostFiles) return all
  }
}

/**
 * The files of a drop or a paste, folders walked through in the order of names: hidden ones and those of which `isRead` does not hold are passed over
 * there, and no more than `mostFiles` are taken. What the event holds is read before the first wait, since it is gone after.
 */
export async function droppedFiles(data: DataTransfer | null, isRead: (file: File) => boolean): Promise<Dropped> {
  const found: Dropped = { files: [], isCut: false, passedOver: 0, hasFolder: false }
  const items = [...(data?.items ?? [])]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))

  const take = (file: File) => {
    if (found.files.length < mostFiles) found.files.push(file)
    else found.isCut = true
  }
  const walk = async (entry: FileSystemEntry, depth: number): Promise<void> => {
    if (entry.name.startsWith('.') || found.isCut) return
    if (entry.isDirectory) {
      if (depth === deepest) return
      for (const each of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(each, depth + 1)
      return
    }
    const file = await fileOf(entry as FileSystemFileEntry).catch(() => undefined)
    if (!file) return
    if (isRead(file)) take(file)
    else found.passedOver++
  }
  for (const { entry, file } of items)
    if (entry?.isDirectory) {
      found.hasFolder = true
      await walk(entry, 0)
    } else if (file) take(file)
  return found
}
