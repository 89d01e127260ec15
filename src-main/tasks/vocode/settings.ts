import { z } from 'zod'
import { precisions } from '../../compute'

/** Settings of the vocoder; titles and descriptions are what the window shows. */
export const vocodeSettings = z.object({
  sigma: z.number().min(0).max(1).default(0.6).meta({
    title: 'Variation (σ)',
    description: 'Spread of the noise that the sound is made from. Lower is smoother, higher is livelier.',
  }),
  denoise: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .meta({ title: 'Denoiser', description: "How much of the model's own hum is taken away. 0 leaves it." }),
  precision: z.enum(precisions).default('float32').meta({
    title: 'Precision',
    description: 'float32 computes in full. int8 saves time on the processor, float16 on graphics cards.',
    advanced: true,
  }),
})
export type VocodeSettings = z.infer<typeof vocodeSettings>
