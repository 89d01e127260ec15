import { z } from 'zod'
import { ErrorRecord } from './records'

/** What the window says. `hello` names the last event it saw, so that the engine can send what it missed. */
export const ToEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), epoch: z.string().nullable(), seq: z.int() }),
  z.object({ type: z.literal('call'), id: z.int(), call: z.string(), args: z.unknown() }),
  z.object({ type: z.literal('cancel'), id: z.int() }),
])
export type ToEngine = z.infer<typeof ToEngine>

/** What the engine says. After `welcome`, missed events follow when `replay` holds; else the window must read the state anew. */
export const ToWindow = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), epoch: z.string(), seq: z.int(), replay: z.boolean() }),
  z.object({ type: z.literal('result'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('error'), id: z.int(), error: ErrorRecord }),
  z.object({ type: z.literal('event'), seq: z.int(), event: z.string(), data: z.unknown() }),
])
export type ToWindow = z.infer<typeof ToWindow>
