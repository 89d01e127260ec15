import { NagareError } from '../../lib/errors'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { readNpz, type PackCard } from '../../packs'
import { VaeConfig } from './config'

/** Added to variances before the square root by Chainer's batch normalisation. */
const batchNormEpsilon = 2e-5

/**
 * Imports a speech VAE saved by Chainer as `.npz`, as the public SpeechEnhancement repository of Sekiguchi et al. ships it: layers `linear_enc`,
 * `linear_enc_mu`, `linear_enc_logVar`, `linear_dec`, `bn_dec`, `linear_dec_output`. The batch normalisation of the decoder, with its running
 * statistics, is folded into the layer before it, which is exact. Throws `bad-input` naming the first array that is missing or misshapen.
 */
export async function importVae(
  file: string,
  { rate = 16_000 }: { rate?: number | undefined },
): Promise<{ card: PackCard; weights: NDArrays }> {
  const arrays = await readNpz(file)
  const take = (name: string, sides: number): NDArray & { data: Float32Array } => {
    const found = arrays[name]
    if (!found)
      throw new NagareError(
        'bad-input',
        `${file} holds no ${name}; a speech VAE of this form has it. Found: ${Object.keys(arrays).sort().slice(0, 12).join(', ') || 'nothing'}.`,
        {
          file,
          hint: 'Check that --as names what the file holds.',
        },
      )
    if (found.dtype !== 'float32' || found.shape.length !== sides)
      throw new NagareError(
        'bad-input',
        `${file}: ${name} has shape [${found.shape}]; ${sides} sides of numbers were expected.`,
        { file },
      )
    return found as NDArray & { data: Float32Array }
  }
  const weights: NDArrays = {}
  const dense = (name: string, from: string) => {
    weights[`${name}.weight`] = transpose(take(`${from}/W`, 2))
    weights[`${name}.bias`] = take(`${from}/b`, 1)
  }
  dense('encoder.hidden', 'linear_enc')
  dense('encoder.mean', 'linear_enc_mu')
  dense('encoder.logVar', 'linear_enc_logVar')
  dense('decoder.logPower', 'linear_dec_output')
  Object.assign(
    weights,
    foldBatchNorm(take('linear_dec/W', 2), take('linear_dec/b', 1), (name) => take(`bn_dec/${name}`, 1)),
  )

  const [bins, hidden] = weights['encoder.hidden.weight']!.shape as [number, number]
  const [latent, decoderHidden] = weights['decoder.hidden.weight']!.shape as [number, number]
  const size = 2 * (bins - 1)
  const config = VaeConfig.parse({
    bins,
    latent,
    encoder: { input: 'power', hidden },
    decoder: { hidden: decoderHidden },
  })
  const card: PackCard = {
    kind: 'vae-nmf',
    name: 'Imported speech VAE',
    description: 'A speech VAE imported from a Chainer checkpoint.',
    licence: 'As the imported checkpoint',
    config,
    frontEnd: { sampleRate: rate, size, hop: size / 4, floor: 1e-9 },
    provenance: {
      data: [],
      command: 'nagare import FILE --as vae-nmf -o PACK',
      seed: null,
      steps: null,
      seconds: null,
      device: null,
      notes: 'Weights made elsewhere. The window is taken as 2 (bins − 1) samples, the hop as a quarter of it.',
    },
    metrics: [],
  }
  return { card, weights }
}

function transpose({ shape, data }: NDArray): NDArray {
  const [rows, columns] = shape as [number, number]
  const out = float32([columns, rows])
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out.data[c * rows + r] = data[r * columns + c]!
  return out
}

/** γ (W z + b − mean) / √(var + ε) + β as one dense layer; W is [outputs, inputs]. */
function foldBatchNorm(weight: NDArray, bias: NDArray, statistic: (name: string) => NDArray): NDArrays {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'avg_mean', 'avg_var'].map(
    (name) => statistic(name).data,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array]
  const folded = transpose(weight)
  const [inputs, outputs] = folded.shape as [number, number]
  const scale = gamma.map((value, o) => value / Math.sqrt(variance[o]! + batchNormEpsilon))
  const data = Float32Array.from(folded.data, (value, i) => value * scale[i % outputs]!)
  return {
    'decoder.hidden.weight': float32([inputs, outputs], data),
    'decoder.hidden.bias': float32(
      [outputs],
      scale.map((value, o) => (bias.data[o]! - mean[o]!) * value + beta[o]!),
    ),
  }
}
