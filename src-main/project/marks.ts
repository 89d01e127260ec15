import type { Asset, Marks } from '@contract'
import { contentFile } from './adopt'
import type { Project } from './open-project'

type Assets = Pick<Project['assets'], 'list' | 'get'>

/** The mask of this role that belongs to a picture, the newest where a broken-off save left two. */
export function markOf({ list }: Assets, picture: string, role: Marks['role']): Asset | undefined {
  return list().findLast(({ marks }) => marks?.of === picture && marks.role === role)
}

/** The mask of what does not count in a picture: its own, else one of another picture of its size that holds everywhere. */
export function ignoreOf(assets: Assets, picture: string): Asset | undefined {
  const own = markOf(assets, picture, 'ignore')
  if (own) return own
  const { image } = assets.get(picture)
  return assets
    .list()
    .findLast(
      ({ marks, image: mask }) =>
        marks?.role === 'ignore' && marks.everywhere && mask?.width === image?.width && mask?.height === image?.height,
    )
}

/** The file of that mask, where there is one. */
export async function ignoredIn(project: Project, picture: string): Promise<string | undefined> {
  const mask = ignoreOf(project.assets, picture)
  return mask && contentFile(project, mask.id)
}
