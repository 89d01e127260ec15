import { redo, undo } from '../history/history.svelte'
import { tellError } from '../state/notices.svelte'
import { say } from '../state/live.svelte'
import { text } from '../text/text.svelte'

export async function undoLast() {
  try {
    const step = await undo()
    if (step) say(text.ui.undone(step.label))
  } catch (error) {
    tellError(text.actions.undo, error)
  }
}

export async function redoLast() {
  try {
    await redo()
  } catch (error) {
    tellError(text.actions.redo, error)
  }
}
