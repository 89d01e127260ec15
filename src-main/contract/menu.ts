import { z } from 'zod'

/** What the window tells the desktop's menu: its actions by group, as they are named and can be done now. */
export const PageMenu = z.object({
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
