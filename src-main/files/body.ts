/** The body of `request` in one piece; undefined where it has more than `limit` bytes, of which no more are read. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of request.body ?? []) {
    length += piece.length
    if (length > limit) return undefined
    pieces.push(piece)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** The whole number from 0 that the address of `request` gives as `?name=`; undefined where it gives none. */
export function placeIn(request: Request, name: string): number | undefined {
  const text = new URL(request.url).searchParams.get(name) ?? ''
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
}
