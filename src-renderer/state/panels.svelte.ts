export type DialogName = 'settings' | 'models' | 'shortcuts' | 'export' | 'remove-model'

/** Which parts of the window are open. */
export const panels = $state({
  dialog: null as DialogName | null,
  side: 'enhance' as 'enhance' | 'queue',
  /** The library's drawer, where the window is too narrow to keep it open. */
  library: false,
  spectrogram: false,
  dropping: false,
  /** Pack that the remove dialog asks about. */
  removing: null as string | null,
})

export const openDialog = (name: DialogName) => (panels.dialog = name)
export const closeDialog = () => (panels.dialog = null)
