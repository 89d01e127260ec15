import type { OpenPack } from '../../packs'
import type { ModelFamily } from '../family'
import { evaluateDetector } from './evaluate-detector'
import { oneClass, oneClassProtocol } from './one-class'
import { detectorModel } from './pack-model'
import type { PictureRecipe } from './picture-recipe'
import type { DetectorSpec } from './spec'
import { trainDetector } from './train-detector'

/** A kind of detector as a family of models. */
export function detectorFamily<Recipe extends PictureRecipe>(spec: DetectorSpec<Recipe>): ModelFamily {
  const { kind, label, presets } = spec
  const trainsToEvaluate = (set: Record<string, string>) => set['protocol'] === oneClassProtocol
  const exporting = spec.exports
  return {
    kind,
    label,
    presets: Object.keys(presets),
    train: (context) => trainDetector(spec, context),
    trainsToEvaluate,
    evaluate: (context) => (trainsToEvaluate(context.set) ? oneClass(spec, context) : evaluateDetector(spec, context)),
    ...(exporting ? { exports: async (pack: OpenPack) => exporting(await detectorModel(pack)) } : {}),
  }
}
