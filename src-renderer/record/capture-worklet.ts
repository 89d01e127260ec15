/** Types of the thread that this file runs in. */
declare const currentFrame: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new (options: never) => AudioWorkletProcessor): void

/** Gathers what a microphone gives into pieces of interleaved samples, each with the frame of the context's clock at which it began. */
class Capture extends AudioWorkletProcessor {
  private readonly channels: number
  private readonly frames: number
  private samples: Float32Array
  private filled = 0
  private start = 0

  constructor({ processorOptions: { channels, frames } }: { processorOptions: { channels: number; frames: number } }) {
    super()
    this.channels = channels
    this.frames = frames
    this.samples = new Float32Array(channels * frames)
    this.port.onmessage = () => {
      this.send()
      this.port.postMessage(null)
    }
  }

  process([input]: Float32Array[][]): boolean {
    const length = input?.[0]?.length ?? 0
    for (let i = 0; i < length; i++) {
      if (this.filled === 0) this.start = currentFrame + i
      for (let c = 0; c < this.channels; c++)
        this.samples[this.filled * this.channels + c] = (input![c] ?? input![0]!)[i]!
      if (++this.filled === this.frames) this.send()
    }
    return true
  }

  private send() {
    if (this.filled === 0) return
    const samples = this.samples.slice(0, this.filled * this.channels)
    this.filled = 0
    this.port.postMessage({ samples, start: this.start }, [samples.buffer])
  }
}

registerProcessor('capture', Capture)
