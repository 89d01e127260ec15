import { z } from 'zod'

/** Settings of inspection; titles and descriptions are what the window shows. */
export const inspectSettings = z.object({
  threshold: z.number().min(0).max(1).default(0.5).meta({
    title: 'Threshold',
    description:
      'From this score on a picture counts as odd, and a pixel belongs to the mask. 0.5 is where the model drew the line.',
  }),
  falseAlarms: z.number().min(0.0001).max(0.5).default(0.01).meta({
    title: 'False alarms',
    description: 'Share of normal pictures that may be called odd: it says where the model draws its line.',
  }),
  minArea: z.number().int().min(1).max(1_000_000).default(1).meta({
    title: 'Smallest region (pixels)',
    description: 'Regions of fewer pixels are left out of the mask and the list.',
    advanced: true,
  }),
  kappa: z.number().min(0).max(10).default(1).meta({
    title: 'Weight of features (κ)',
    description: 'How much the critic’s features count beside the pixels. Only f-AnoGAN has them.',
    advanced: true,
  }),
  method: z.enum(['usual', 'search']).default('usual').meta({
    title: 'Method',
    description:
      'search looks for the nearest normal picture by gradients, as AnoGAN does: slow, and only where the model was calibrated for it.',
    advanced: true,
  }),
})
export type InspectSettings = z.infer<typeof inspectSettings>
