import type { LinkStatus } from '../transport/link'

/** How the line to the engine is. */
export const connection = $state({ status: 'connecting' as LinkStatus, everOpen: false })

export function setStatus(status: LinkStatus) {
  connection.status = status
  if (status === 'open') connection.everOpen = true
}
