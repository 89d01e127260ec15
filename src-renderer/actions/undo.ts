import { redo, undo } from '../history/history.svelte'
import { tellError } from '../state/notices.svelte'
import { say } from '../state/live.svelte'
import { en } from '../text/en'

export async function undoLast() {
  try {
    const step = await undo()
    if (step) say(en.ui.undone(step.label))
  } catch (error) {
    tellError(en.actions.undo, error)
  }
}

export async function redoLast() {
  try {
    await redo()
  } catch (error) {
    tellError(en.actions.redo, error)
  }
}
