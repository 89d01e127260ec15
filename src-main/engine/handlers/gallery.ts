import type { Handlers, Measures } from '@contract'
import { imageMetrics } from '../../image'
import { exportGallery } from '../gallery/export-gallery'
import { overlapMeter } from '../gallery/overlap-meter'
import { saveMask } from '../gallery/save-mask'
import type { EngineParts } from '../parts'

export function galleryHandlers(
  parts: EngineParts,
): Pick<Handlers, 'asset.label' | 'gallery.measure' | 'gallery.overlap' | 'gallery.export' | 'mask.save'> {
  const { project } = parts
  const { assets } = project
  const meter = overlapMeter(project)
  return {
    async 'asset.label'({ labels }) {
      for (const { asset } of labels) assets.get(asset)
      for (const { asset: id, label, defect } of labels) {
        if (!assets.has(id)) continue
        const { label: before, defect: known, ...rest } = assets.get(id)
        const named = label === 'bad' ? (defect === undefined ? known : (defect ?? undefined)) : undefined
        if (before === (label ?? undefined) && known === named) continue
        await assets.put({ ...rest, ...(label ? { label } : {}), ...(named ? { defect: named } : {}) })
      }
      return {}
    },
    'gallery.measure': ({ items, threshold }) => imageMetrics(items, threshold) as Measures,
    'gallery.overlap': async ({ items }, { signal }) => ({ overlap: await meter.measure(items, signal) }),
    'gallery.export': (wanted, { signal }) => exportGallery({ ...parts, meter }, wanted, signal),
    'mask.save': async (given) => ({ mask: await saveMask(project, given) }),
  }
}
