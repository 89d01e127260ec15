import { CallError, ErrorRecord, Id, type Source } from '@contract'
import { text } from '../text/text.svelte'

export interface AdoptOptions {
  /** Told the share of bytes sent, 0 to 1. */
  onProgress?(share: number): void
  signal?: AbortSignal
}

/** Makes a file of this page known to the engine: by its path on the desktop, by a streamed upload in a browser. */
export async function adopt(file: File, options: AdoptOptions = {}): Promise<Source> {
  if (!window.desktop) return { upload: await upload(file, options), name: file.name }
  const path = window.desktop.pathOf(file)
  if (path) return { path }
  throw new CallError({
    code: 'unsupported',
    message: text.drop.noFile(file.name),
    hint: text.drop.noFileHint,
  })
}

/** Streams a file to `PUT /upload` and answers the upload's id; throws a `CallError` when the host refuses it. */
function upload(file: File, { onProgress, signal }: AdoptOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const fail = (record: ErrorRecord) => reject(new CallError(record))
    request.open('PUT', `/upload?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 1)
    request.onerror = () =>
      fail({ code: 'unavailable', message: text.drop.unsent(file.name), hint: text.drop.unsentHint })
    request.onabort = () => fail({ code: 'cancelled', message: text.drop.aborted(file.name) })
    request.onload = () => {
      const answer = parseAnswer(request.responseText)
      if (request.status >= 200 && request.status < 300 && answer.upload) return resolve(answer.upload)
      fail(answer.error ?? { code: 'internal', message: text.drop.refused(file.name, request.status) })
    }
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

/** Reads the host's answer to an upload: an id, or an error record, whichever it holds. */
export function parseAnswer(answer: string): { upload?: string; error?: ErrorRecord } {
  let value: unknown
  try {
    value = JSON.parse(answer)
  } catch {
    return {}
  }
  const { upload, error } = (value ?? {}) as { upload?: unknown; error?: unknown }
  const id = Id.safeParse(upload)
  if (id.success) return { upload: id.data }
  const record = ErrorRecord.safeParse(error ?? value)
  return record.success ? { error: record.data } : {}
}
