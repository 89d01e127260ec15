import { Clip } from '@contract'

const key = 'nagare.clip'

function stored(): Clip | null {
  try {
    return Clip.safeParse(JSON.parse(localStorage.getItem(key) ?? 'null')).data ?? null
  } catch {
    return null
  }
}

/** What was copied last, here, in another window or before a reload: where it lies, no sound. */
export const clipboard = $state({ clip: stored() })

window.addEventListener('storage', (event) => {
  if (event.key === key) clipboard.clip = stored()
})

export function keepClip(clip: Clip) {
  clipboard.clip = clip
  localStorage.setItem(key, JSON.stringify(clip))
}
