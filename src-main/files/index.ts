export * from './handler'
export * from './headers'
export type { LiveAnswer, LiveLine, LivePiece } from './live-sound'
export * from './places'
