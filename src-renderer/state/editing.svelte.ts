/** Whether an edit is being made: one after the other, since each counts on the one before. */
export const editing = $state({ busy: false })
