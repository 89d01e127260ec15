import { z } from 'zod'

/** What the desktop's own menu items, dialogs and messages are called. */
export const shellWords = [
  'open',
  'openProject',
  'media',
  'allFiles',
  'edit',
  'undo',
  'redo',
  'cut',
  'copy',
  'paste',
  'delete',
  'selectAll',
  'reload',
  'devTools',
  'actualSize',
  'zoomIn',
  'zoomOut',
  'fullScreen',
  'window',
  'minimize',
  'zoom',
  'front',
  'close',
  'quit',
  'about',
  'services',
  'hide',
  'hideOthers',
  'showAll',
  'engineStopped',
  'engineGaveUp',
  'fileNotOpened',
  'projectNotOpened',
] as const
export const ShellWords = z.record(z.enum(shellWords), z.string().min(1).max(200))
export type ShellWords = z.infer<typeof ShellWords>

/** What the window tells the desktop's menu: its actions by group, as they are named and can be done now, and the words for the desktop's own items. */
export const PageMenu = z.object({
  words: ShellWords.optional(),
  groups: z
    .array(
      z.object({
        id: z.string().max(40),
        title: z.string().min(1).max(80),
        items: z
          .array(
            z.object({
              id: z.string().min(1).max(60),
              label: z.string().min(1).max(200),
              /** Its first shortcut, as action records write it. */
              keys: z.string().max(40).optional(),
              enabled: z.boolean(),
            }),
          )
          .max(100),
      }),
    )
    .max(20),
})
export type PageMenu = z.infer<typeof PageMenu>
