import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { joinSignals } from '../../../../src-main/dsp'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { blow } from '../../../../src-main/models/blow'
import { openConverter } from '../../../../src-main/models/blow/converter'
import { voiceModel } from '../../../../src-main/models/blow/model'
import { softClamp } from '../../../../src-main/models/blow/soft-clamp'
import { oneVoice } from '../../../../src-main/models/blow/voices'
import { exportPack } from '../../../../src-main/models/export-pack'
import { openPack } from '../../../../src-main/packs'
import { writeTinyBlow } from '../../../helpers/blow-pack'
import { tempFolder } from '../../../helpers/folder'

it("the exported halves make the app's own conversion in plain ONNX Runtime", async () => {
  const folder = await tempFolder()
  const pack = await openPack(await writeTinyBlow(join(folder, 'voices.nagare'), { frame: 256 }))
  const model = await voiceModel(pack)
  const { frame, embedding, voices } = model.config
  await exportPack(blow, pack, join(folder, 'onnx'))
  const [encoder, decoder] = await Promise.all(
    ['encoder', 'decoder'].map((name) => InferenceSession.create(join(folder, 'onnx', `${name}.onnx`))),
  )
  const sound = random(5).fillNormal(new Float32Array(1000), 0.2)
  const [from, to] = [0, 2]

  const converter = await openConverter(await openDevice('cpu'), model, {
    ...{ from: oneVoice(voices, from), to: oneVoice(voices, to) },
  })
  const expected = joinSignals([await converter.push(sound), await converter.flush()])
  await converter.dispose()

  // As the README says: frames that overlap by half, bounded, faded by a Hann window and added up.
  const hop = frame / 2
  const count = Math.ceil(sound.length / hop) + 1
  const padded = new Float32Array((count + 1) * hop)
  padded.set(sound, hop)
  const frames = new Float32Array(count * frame)
  for (let f = 0; f < count; f++) frames.set(padded.subarray(f * hop, f * hop + frame), f * frame)
  const row = (voice: number) =>
    new Tensor(
      'float32',
      model.weights['voices']!.data.slice(voice * embedding, (voice + 1) * embedding) as Float32Array,
      [1, embedding],
    )
  const { z } = await encoder!.run({ audio: new Tensor('float32', frames, [count, frame]), voice: row(from) })
  expect(z!.dims).toEqual([count, frame])
  const { audio } = await decoder!.run({ z: z!, voice: row(to) })
  const decoded = audio!.data as Float32Array
  softClamp(decoded)
  const sum = new Float32Array(padded.length)
  for (let i = 0; i < decoded.length; i++) {
    const t = i % frame
    const at = Math.floor(i / frame) * hop + t
    sum[at] = sum[at]! + decoded[i]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * t) / frame))
  }
  const found = sum.slice(hop, hop + sound.length)
  expect(float32([1000], found)).toBeAllclose(float32([1000], expected), { relative: 1e-4, absolute: 1e-4 })
  expect(float32([1000], found)).not.toBeAllclose(float32([1000], sound), { absolute: 0.05 })

  const { audio: again } = await decoder!.run({ z: z!, voice: row(from) })
  expect(float32([count, frame], again!.data as Float32Array)).toBeAllclose(float32([count, frame], frames), {
    absolute: 1e-4,
  })
  await encoder!.release()
  await decoder!.release()
})
