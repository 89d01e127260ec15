import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classesOf } from '../../image'
import { scoped } from '../../lib/scoped'
import type { EvaluateContext, Evaluation } from '../family'
import { evaluateDetector } from './evaluate-detector'
import type { PictureRecipe } from './picture-recipe'
import type { DetectorSpec } from './spec'
import { trainDetector } from './train-detector'

/** `--set protocol=` of the measure below. */
export const oneClassProtocol = 'one-class'

/**
 * One class against the rest: a detector is trained on the training pictures of each class in turn and tells the test pictures of that class from all
 * others. `classes=` names some of them, `preset=` is a training preset, `method=` and `kappa=` go to scoring; all other settings are those of training.
 */
export const oneClass = <Recipe extends PictureRecipe>(
  spec: DetectorSpec<Recipe>,
  context: EvaluateContext,
): Promise<Evaluation> =>
  scoped(async (keep) => {
    const { protocol: _, classes: wanted, preset, method, kappa, ...set } = context.set
    const classes = wanted?.split(',') ?? (await classesOf(context.data))
    const folder = keep(await mkdtemp(join(tmpdir(), 'nagare-one-class-')), (path) =>
      rm(path, { recursive: true, force: true }),
    )
    const rows: Evaluation['rows'] = []
    const scoring = { ...(method ? { method } : {}), ...(kappa ? { kappa } : {}) }
    for (const normal of classes) {
      const pack = join(folder, `${rows.length}.nagare`)
      const progress: EvaluateContext['progress'] = ({ phase, ...rest }) =>
        context.progress({ phase: `Class ${normal}, ${rows.length + 1} of ${classes.length}: ${phase}`, ...rest })
      const common = { ...context, progress, pack }
      await trainDetector(spec, {
        ...common,
        ...{ data: [context.data], output: pack, preset: preset ?? Object.keys(spec.presets)[0]! },
        ...{ set: { ...set, normal }, steps: undefined, resume: false, command: 'one-class', about: undefined },
      })
      const { metrics } = await evaluateDetector(spec as unknown as DetectorSpec, {
        ...common,
        set: { ...scoring, normal },
      })
      const figures = metrics
        .filter(({ name }) => shown.includes(name))
        .map(({ name, value }) => [name, value] as const)
      rows.push({ class: normal, ...Object.fromEntries(figures) })
    }
    const mean = (name: string) => rows.reduce((sum, row) => sum + Number(row[name]), 0) / rows.length
    return {
      protocol: `One class against the rest: trained on the training pictures of each class, scored on all test pictures; ${spec.kind}, ${preset ?? 'the first preset'}.`,
      metrics: shown.map((name) => ({ name: `mean ${name}`, value: mean(name), unit: '' })),
      rows,
    }
  })

const shown = ['image AUROC', 'image AUPR', 'false alarms', 'recall at the threshold']
