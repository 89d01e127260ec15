import { mixDown, readPcm, type PcmSource } from './pcm'

/** One track's samples in blocks of `blockFrames`, read by range when asked for; keeps the last `keep` used. */
export class BlockStore {
  readonly source: PcmSource
  readonly blockFrames: number
  private readonly keep: number
  private readonly blocks = new Map<number, AudioBuffer>()
  private readonly reading = new Map<number, Promise<AudioBuffer | undefined>>()

  constructor(source: PcmSource, blockFrames: number, keep = 8) {
    this.source = source
    this.blockFrames = blockFrames
    this.keep = keep
  }

  /** The block when it is at hand. */
  at(index: number): AudioBuffer | undefined {
    const block = this.blocks.get(index)
    if (block) {
      this.blocks.delete(index)
      this.blocks.set(index, block)
    }
    return block
  }

  /** Reads the block unless it is at hand; undefined past the end. Sounds of more than two channels are mixed to one. */
  read(index: number): Promise<AudioBuffer | undefined> {
    const known = this.at(index)
    if (known) return Promise.resolve(known)
    const running = this.reading.get(index)
    if (running) return running
    const promise = this.fetch(index).finally(() => this.reading.delete(index))
    this.reading.set(index, promise)
    return promise
  }

  private async fetch(index: number) {
    const read = await readPcm(this.source, index * this.blockFrames, this.blockFrames)
    const channels = read.length > 2 ? [mixDown(read)] : read
    const length = channels[0]?.length ?? 0
    if (!length) return undefined
    const buffer = new AudioBuffer({ length, numberOfChannels: channels.length, sampleRate: this.source.sampleRate })
    channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel))
    this.blocks.set(index, buffer)
    for (const oldest of this.blocks.keys()) {
      if (this.blocks.size <= this.keep) break
      this.blocks.delete(oldest)
    }
    return buffer
  }
}
