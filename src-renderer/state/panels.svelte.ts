/** Dialogs that ask how to edit. */
export type EditDialog = 'gain' | 'normalise' | 'format'
export type DialogName =
  | 'palette'
  | 'projects'
  | 'settings'
  | 'models'
  | 'shortcuts'
  | 'export'
  | 'remove-model'
  | 'batch'
  | 'export-many'
  | 'watch'
  | EditDialog

/** A picture of frequencies over time: all of them, or the mel bands that vocoders see. */
export type Picture = 'spectrum' | 'mel'

const pictureKey = 'nagare.picture'
const keptPicture = (): Picture | null => {
  const kept = localStorage.getItem(pictureKey)
  return kept === 'spectrum' || kept === 'mel' ? kept : null
}

/** Which parts of the window are open. */
export const panels = $state({
  dialog: null as DialogName | null,
  side: 'work' as 'work' | 'queue',
  /** The library's drawer, where the window is too narrow to keep it open. */
  library: false,
  /** Which picture of what is heard is shown above the waveforms; remembered for the windows to come. */
  picture: keptPicture(),
  dropping: false,
  /** Pack that the remove dialog asks about. */
  removing: null as string | null,
})

export const openDialog = (name: DialogName) => (panels.dialog = name)

/** Shows a picture, or none where it is shown already. */
export function togglePicture(picture: Picture) {
  panels.picture = panels.picture === picture ? null : picture
  localStorage.setItem(pictureKey, panels.picture ?? '')
}

export const closeDialog = () => (panels.dialog = null)
