export interface Upload {
  id: number
  name: string
  /** Share of bytes sent, 0 to 1. */
  share: number
  cancel(): void
}

/** Files on their way to the engine. */
export const uploads = $state({ list: [] as Upload[] })

let nextId = 1

export function beginUpload(name: string, cancel: () => void): Upload {
  uploads.list.push({ id: nextId++, name, share: 0, cancel })
  return uploads.list.at(-1)!
}

export function endUpload(upload: Upload) {
  uploads.list = uploads.list.filter(({ id }) => id !== upload.id)
}
