import type { LinkStatus } from '../transport/link'

/** How the line to the engine is. */
export const connection = $state({
  status: 'connecting' as LinkStatus,
  everOpen: false,
  /** Name of the project that is being opened in place of this one. */
  opening: null as string | null,
})

export function setStatus(status: LinkStatus) {
  connection.status = status
  if (status === 'open') connection.everOpen = true
}
