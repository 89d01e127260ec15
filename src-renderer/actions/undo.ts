import { tellError } from '../state/notices.svelte'
import { say } from '../state/live.svelte'
import { text } from '../text/text.svelte'
import { redoShown, undoShown } from './edit'

export async function undoLast() {
  try {
    const step = await undoShown()
    if (step) say(text.ui.undone(step.label))
  } catch (error) {
    tellError(text.actions.undo, error)
  }
}

export async function redoLast() {
  try {
    const step = await redoShown()
    if (step) say(text.editing.redone(step.label))
  } catch (error) {
    tellError(text.actions.redo, error)
  }
}
