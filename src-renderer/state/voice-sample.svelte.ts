import { text } from '../text/text.svelte'
import { listening, pause } from './listening.svelte'
import { tellError } from './notices.svelte'

/** The voice sample that is playing, by its address. */
export const voiceSample = $state({ url: null as string | null })

let audio: HTMLAudioElement | undefined

export function stopSample() {
  audio?.pause()
  audio = undefined
  voiceSample.url = null
}

/** Plays a voice's sample from its start, in place of whatever is heard; stops it where it is playing. */
export function toggleSample(url: string) {
  const isPlaying = voiceSample.url === url
  stopSample()
  if (isPlaying) return
  pause()
  const own = new Audio(url)
  audio = own
  voiceSample.url = url
  own.volume = listening.volume ** 2
  own.onended = () => {
    if (own === audio) stopSample()
  }
  const fail = () => {
    if (own !== audio) return
    stopSample()
    tellError(text.convert.sampleFailed, new Error(text.convert.sampleFailedHint))
  }
  own.onerror = fail
  own.play().catch(fail)
}
