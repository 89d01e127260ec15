import { CallError } from '@contract'
import { text } from '../text/text.svelte'

export interface Microphone {
  id: string
  label: string
}

/** What a person chose: known by its id, and by its name where the browser gives it another id. */
export interface ChosenMicrophone extends Microphone {
  channels: number
}

/** The microphones of this machine; their names are empty until the person has let Nagare hear one. */
export async function microphones(): Promise<Microphone[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? []
  return devices
    .filter(({ kind, deviceId }) => kind === 'audioinput' && !['', 'default', 'communications'].includes(deviceId))
    .map(({ deviceId, label }) => ({ id: deviceId, label: plainName(label) }))
}

/** A device's name without the numbers of its maker and model, which Chromium adds. */
export const plainName = (label: string) => label.replace(/ \([0-9a-f]{4}:[0-9a-f]{4}\)$/, '')

/** Which of `list` was chosen before; undefined where it is not there, or nothing was. */
export const findChosen = (list: readonly Microphone[], chosen: Microphone | undefined): Microphone | undefined =>
  chosen &&
  (list.find(({ id }) => id === chosen.id) ?? list.find(({ label }) => label !== '' && label === chosen.label))

/** Opens a microphone as it is, without the filters that browsers put on calls. Throws a `CallError` that says what to do. */
export async function openMicrophone(id: string | undefined, channels: number): Promise<MediaStream> {
  if (!navigator.mediaDevices)
    throw new CallError({
      code: 'unavailable',
      message: text.record.insecure,
      hint: text.record.insecureHint,
    })
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        ...(id ? { deviceId: { exact: id } } : {}),
        channelCount: { ideal: channels },
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      },
    })
  } catch (thrown) {
    throw microphoneError(thrown)
  }
}

/** Why a microphone could not be opened, in words. */
export function microphoneError(thrown: unknown): CallError {
  const { name, message } = thrown as DOMException
  const words = text.record
  if (name === 'NotAllowedError' || name === 'SecurityError')
    return new CallError({ code: 'no-permission', message: words.denied, hint: words.deniedHint })
  if (name === 'NotFoundError') return new CallError({ code: 'not-found', message: words.none, hint: words.noneHint })
  if (name === 'OverconstrainedError')
    return new CallError({ code: 'not-found', message: words.gone, hint: words.goneHint })
  if (name === 'NotReadableError' || name === 'AbortError')
    return new CallError({ code: 'unavailable', message: words.busy, hint: words.busyHint })
  return new CallError({ code: 'unavailable', message: `${words.failed}: ${message}` })
}
