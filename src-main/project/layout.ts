import { join } from 'node:path'

/** Where everything lies in a project folder. */
export interface Layout {
  folder: string
  manifest: string
  lock: string
  jobLog: string
  /** One folder per asset: `asset.json`, `source.<ext>`, `peaks.bin`, `pcm.wav` where the source does not play by range, `mel.f32` of a mel spectrogram, `preview.png` and `thumb.png` of a picture, `edit-<version>.json` and `peaks-<version>.bin` of an edited sound. */
  assets: string
  /** Part outputs of running jobs and of files being taken in. */
  work: string
  /** Finished uploads. */
  incoming: string
  exports: string
  /** Pictures in tiles, one folder each; made anew where it is gone. */
  tiles: string
  /** Where the line between good and odd was put by hand, for each model. */
  lines: string
  /** Files that could not be read as pictures. */
  refused: string
  /** Folders that are watched. */
  watches: string
  /** One folder per recording that is being made: `recording.json`, `sound.wav`. */
  recordings: string
  /** The file of an asset's edits. */
  history(asset: string): string
  histories: string
  asset(id: string): string
  workOf(job: string): string
}

/** The paths of the project in `folder`. */
export function layout(folder: string): Layout {
  const at = (...names: string[]) => join(folder, ...names)
  return {
    folder,
    manifest: at('project.json'),
    lock: at('lock'),
    jobLog: at('jobs.jsonl'),
    assets: at('assets'),
    work: at('work'),
    incoming: at('incoming'),
    exports: at('exports'),
    tiles: at('tiles'),
    lines: at('lines.json'),
    refused: at('refused.json'),
    watches: at('watches.json'),
    recordings: at('recordings'),
    histories: at('history'),
    history: (asset) => at('history', `${asset}.jsonl`),
    asset: (id) => at('assets', id),
    workOf: (job) => at('work', job),
  }
}
