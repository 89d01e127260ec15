import { expect, type Locator, type Page } from '@playwright/test'

/** What the page holds of the player's newest voice: taps on the joined sound and on each track's gain. */
interface Tapped {
  joined: AnalyserNode
  tracks: { gain: GainNode; tap: AnalyserNode }[]
  keyAt: number
}

/** Puts taps on what the player sends to the loudspeaker; loads the page anew. */
export async function tapSound(page: Page) {
  await page.addInitScript(() => {
    const own = window as unknown as { tapped?: Tapped }
    type Connect = (this: AudioNode, to: AudioNode, ...ports: number[]) => AudioNode
    const connect = AudioNode.prototype.connect as Connect
    let bus: AudioNode | undefined
    const tapOf = (node: AudioNode) => {
      const tap = new AnalyserNode(node.context, { fftSize: 32768 })
      connect.call(node, tap)
      return tap
    }
    const note = (from: AudioNode, to: AudioNode) => {
      if (to instanceof AudioDestinationNode) {
        bus = from
        own.tapped = { joined: tapOf(from), tracks: [], keyAt: 0 }
      } else if (to === bus && from instanceof GainNode) own.tapped?.tracks.push({ gain: from, tap: tapOf(from) })
    }
    AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode, ...ports: number[]) {
      note(this, to)
      return connect.call(this, to, ...ports)
    } as AudioNode['connect']
    window.addEventListener(
      'keydown',
      () => {
        if (own.tapped) own.tapped.keyAt = own.tapped.joined.context.currentTime
      },
      true,
    )
  })
  await page.reload()
}

/** The gain of the one track that is heard, once its last switch is over. */
export async function heardGain(page: Page): Promise<number> {
  const gains = () =>
    page.evaluate(() => (window as unknown as { tapped: Tapped }).tapped.tracks.map(({ gain }) => gain.gain.value))
  let before: number[] = []
  await expect
    .poll(async () => {
      const now = await gains()
      const settled = now.filter((gain) => gain > 0).length === 1 && String(now) === String(before)
      before = now
      return settled
    })
    .toBe(true)
  return before.find((gain) => gain > 0)!
}

/** LUFS that a lane's label shows. */
export async function loudnessOf(lane: Locator): Promise<number> {
  const role = await lane.getAttribute('data-role')
  const name = { original: 'Original', result: 'Clean', noise: 'Noise' }[role!]!
  const text = (await lane
    .page()
    .getByRole('button', { name: new RegExp(`${name} .*LUFS`) })
    .textContent())!
  return Number(/(−?)([\d.]+) LUFS/.exec(text)!.slice(1, 3).join('').replace('−', '-'))
}

/**
 * Presses the key that switches while it plays. Answers, in seconds of sound, how long after the press the track that was heard still sounds and how long both
 * do, and the steepest step from one sample to the next in the joined sound within 60 ms of the switch, and elsewhere within two seconds or so.
 */
export async function switchOf(page: Page, key: string) {
  await page.keyboard.press(key)
  return page.evaluate(async () => {
    const { joined, tracks, keyAt } = (window as unknown as { tapped: Tapped }).tapped
    const { context } = joined
    while (context.currentTime < keyAt + 0.5) await new Promise((resolve) => setTimeout(resolve, 20))
    const rate = context.sampleRate
    const read = (tap: AnalyserNode) => {
      const samples = new Float32Array(tap.fftSize)
      tap.getFloatTimeDomainData(samples)
      return samples
    }
    // All of one moment: the sound goes on in a thread of its own.
    let now: number
    let sounds: Float32Array[]
    do {
      now = context.currentTime
      sounds = [joined, ...tracks.map(({ tap }) => tap)].map(read)
    } while (context.currentTime !== now)
    const [sound, ...each] = sounds
    const placeOf = (seconds: number) => Math.round(sound!.length - (now - seconds) * rate)
    const silent = tracks.findIndex(({ gain }, i) => gain.gain.value === 0 && each[i]!.some((value) => value !== 0))
    const last = each[silent]!.findLastIndex((value) => value !== 0)
    const rising = tracks.findIndex(({ gain }) => gain.gain.value > 0)
    const first = each[rising]!.findIndex((value) => value !== 0)
    const at = placeOf(keyAt)
    const reach = Math.round(0.06 * rate)
    let steepest = 0
    let elsewhere = 0
    for (let i = 1; i < sound!.length; i++) {
      const step = Math.abs(sound![i]! - sound![i - 1]!)
      if (Math.abs(i - at) < reach) steepest = Math.max(steepest, step)
      else elsewhere = Math.max(elsewhere, step)
    }
    return { seconds: (last - at) / rate, both: (last - first) / rate, steepest, elsewhere }
  })
}
