import { z } from 'zod'
import { precisions } from '../../compute'

/** Settings of speech enhancement; titles and descriptions are what the window shows. */
export const enhanceSettings = z.object({
  strength: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ title: 'Strength', description: 'How much of the noise is taken away. Lower keeps some room sound.' }),
  iterations: z
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ title: 'Iterations', description: 'More find the noise better and take longer.' }),
  noise: z
    .boolean()
    .default(true)
    .meta({ title: 'Keep the noise', description: 'Also saves what was taken away, to listen to.' }),
  precision: z.enum(precisions).default('float32').meta({
    title: 'Precision',
    description: 'float32 computes in full. int8 and float16 save time with large models and on graphics cards only.',
    advanced: true,
  }),
})
export type EnhanceSettings = z.infer<typeof enhanceSettings>
