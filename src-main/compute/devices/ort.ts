import { createRequire } from 'node:module'
import type * as ort from 'onnxruntime-node'

// ONNX Runtime reads it when it is loaded, and would otherwise note what it runs in the person's cache folder, to be sent to its makers.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

/** ONNX Runtime, loaded without telemetry: everything that runs it takes it from here. Worker threads rely on their process having done so before. */
export const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof ort
