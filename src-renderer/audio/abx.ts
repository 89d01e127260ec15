/** Which of the two sounds of a pair. */
export type Side = 'a' | 'b'
/** What can be heard in a blind test: the two sounds, and the one that is either. */
export type Heard = Side | 'x'

/** One question of a blind test: which sound of the pair is called A, and which of A and B is X. */
export interface Trial {
  /** Whether A is the second of the pair, and B the first. */
  swapped: boolean
  x: Side
}

/** A fair coin from the browser's generator for secrets, so that no pattern can be learnt. */
const coin = () => (crypto.getRandomValues(new Uint8Array(1))[0]! & 1) === 1

export const newTrial = (toss: () => boolean = coin): Trial => ({ swapped: toss(), x: toss() ? 'a' : 'b' })

/** Place in the pair (0 or 1) of what is called A, B or X. */
export function placeOf({ swapped, x }: Trial, heard: Heard): 0 | 1 {
  const side = heard === 'x' ? x : heard
  return (side === 'a') === swapped ? 1 : 0
}

/** Probability of `correct` or more right answers out of `count` by guessing alone: the upper tail of the binomial distribution with p = ½, exact. */
export function guessing(correct: number, count: number): number {
  let ways = 1
  let tail = 0
  for (let k = 0; k <= count; k++) {
    if (k >= correct) tail += ways
    ways = (ways * (count - k)) / (k + 1)
  }
  return tail / 2 ** count
}
