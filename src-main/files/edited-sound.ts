import { readFile } from 'node:fs/promises'
import { EditState } from '../contract/edits'
import type { EditList } from '../contract/edits'
import { openEdits, readEditList } from '../dsp/edit-list/edit-file'
import { wavHeader } from '../dsp/wav-writer'
import type { Planar } from '../dsp/audio'
import { textResponse } from './headers'
import { inside } from './path-guard'
import { contentResponse, rangeResponse } from './range-response'

/** Samples (all channels) that are made at once. */
const blockSamples = 65_536
const bytesPerSample = 4

/** The version that `/media/<id>` answers where none is asked for: that of the asset's record; undefined where it was not edited. */
async function currentVersion(assets: string, id: string): Promise<string | undefined> {
  const record = await inside(assets, id, 'asset.json')
  if (record === undefined) return undefined
  try {
    const { edit } = JSON.parse(await readFile(record, 'utf8')) as { edit?: unknown }
    return EditState.safeParse(edit).data?.version
  } catch {
    return undefined
  }
}

/** The version of asset `id` that `request` asks for, as `?v=<version>`, or the present one; undefined where it is the asset as it came. */
export async function versionFor(request: Request, assets: string, id: string): Promise<string | undefined> {
  const asked = new URL(request.url).searchParams.get('v')
  if (asked !== null && /^[0-9a-f]{16}$/.test(asked)) return asked
  return currentVersion(assets, id)
}

/** Samples of all channels in turn, 32-bit floats, little-endian. */
function interleaved(block: Planar): Uint8Array {
  const channels = block.length
  const frames = block[0]?.length ?? 0
  const floats = new Float32Array(frames * channels)
  for (const [c, x] of block.entries()) for (let i = 0, j = c; i < frames; i++, j += channels) floats[j] = x[i]!
  return new Uint8Array(floats.buffer)
}

/** Bytes `first`..`last` of `list` as a WAV file with the header `header`, made while they are sent; opens the sounds it needs and closes them at the end. */
function editedStream(list: EditList, assets: string, header: Uint8Array, first: number, last: number) {
  const edits = openEdits(list, assets)
  const blockAlign = list.channels * bytesPerSample
  const blockFrames = Math.max(1, Math.floor(blockSamples / list.channels))
  let position = first
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (position < header.length) {
            const part = header.slice(position, last + 1)
            position += part.length
            controller.enqueue(part)
          } else {
            const at = position - header.length
            const frame = Math.floor(at / blockAlign)
            const wanted = Math.ceil((last + 1 - header.length) / blockAlign) - frame
            const bytes = interleaved(await edits.rendering.read(frame, Math.min(blockFrames, wanted)))
            const skipped = at - frame * blockAlign
            const part = bytes.subarray(skipped, Math.min(bytes.length, skipped + last + 1 - position))
            if (part.length === 0) throw new Error(`The sound ended at byte ${position}, ${last + 1} were expected.`)
            position += part.length
            controller.enqueue(part)
          }
          if (position <= last) return
          await edits.close()
          controller.close()
        } catch (thrown) {
          await edits.close()
          controller.error(thrown)
        }
      },
      cancel: () => edits.close(),
    },
    { highWaterMark: 0 },
  )
}

/**
 * Answers GET or HEAD for a version of an edited sound as a WAV file of 32-bit floats that is nowhere on the disk: made from the list of edits in the asset's
 * folder, as far as it is asked for. Undefined where there is no such version (any more).
 */
export async function editedResponse(
  request: Request,
  assets: string,
  id: string,
  version: string,
): Promise<Response | undefined> {
  const file = await inside(assets, id, `edit-${version}.json`)
  if (file === undefined) return undefined
  const list = await readEditList(file)
  const { sampleRate, channels, segments } = list
  const frames = segments.reduce((sum, { from, to }) => sum + to - from, 0)
  const header = wavHeader({ sampleRate, channels, format: 'f32' }, frames)
  return contentResponse(request, {
    size: header.length + frames * channels * bytesPerSample,
    tag: `"${version}"`,
    headers: { 'Content-Type': 'audio/wav' },
    body: (first, last) => editedStream(list, assets, header, first, last),
  })
}

/** Answers GET or HEAD for the peaks of a version: 404, to be tried again, where they are still being made. Undefined where there is no such version. */
export async function editedPeaksResponse(
  request: Request,
  assets: string,
  id: string,
  version: string,
): Promise<Response | undefined> {
  const peaks = await inside(assets, id, `peaks-${version}.bin`)
  if (peaks !== undefined) return rangeResponse(request, peaks)
  const list = await inside(assets, id, `edit-${version}.json`)
  return list === undefined ? undefined : textResponse(404, 'Not there yet.', { 'Retry-After': '1' })
}
