/** What is used of Signalsmith Stretch (MIT), which brings no types. */
declare module 'signalsmith-stretch' {
  export interface StretchNode extends AudioWorkletNode {
    configure(options: { blockMs: number; intervalMs: number }): Promise<void>
    schedule(change: { active: boolean; semitones: number; tonalityHz: number }): Promise<unknown>
    /** Seconds from what comes in to what goes out. */
    latency(): Promise<number>
  }
  interface CreateStretch {
    (context: BaseAudioContext, options: AudioWorkletNodeOptions): Promise<StretchNode>
    /** Where the audio thread loads it from. */
    moduleUrl?: string
  }
  const create: CreateStretch
  export default create
}
