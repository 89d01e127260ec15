import { tellError } from '../state/notices.svelte'
import { say } from '../state/live.svelte'
import { en } from '../text/en'
import { redoShown, undoShown } from './edit'

export async function undoLast() {
  try {
    const step = await undoShown()
    if (step) say(en.ui.undone(step.label))
  } catch (error) {
    tellError(en.actions.undo, error)
  }
}

export async function redoLast() {
  try {
    const step = await redoShown()
    if (step) say(en.editing.redone(step.label))
  } catch (error) {
    tellError(en.actions.redo, error)
  }
}
