/** How well something matches what was typed, and which of its characters do. */
export interface Match {
  /** Higher is better; 0 matches anything. */
  score: number
  /** Positions of the characters that match, in order. */
  at: number[]
}

/** A character as it is compared: wide forms as narrow ones, small letters, hiragana as katakana, accents left out. */
function fold(character: string): string {
  const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const code = plain.charCodeAt(0)
  return plain.length === 1 && code >= 0x3041 && code <= 0x3096 ? String.fromCharCode(code + 0x60) : plain || character
}

/** The characters of a text, folded; one entry for each UTF-16 unit, so that positions stay what they are. */
const folded = (text: string): string[] => text.split('').map(fold)

const isWordStart = (text: string, i: number) =>
  i === 0 || !/[\p{L}\p{N}]/u.test(text[i - 1]!) || (/\p{Ll}/u.test(text[i - 1]!) && /\p{Lu}/u.test(text[i]!))

/** One word of the query in a text: as a whole at the start, at the start of a word, or inside; else as letters in order that begin words or follow each other. */
function matchWord(word: readonly string[], text: string, letters: readonly string[]): Match | undefined {
  let best: Match | undefined
  for (let i = 0; i + word.length <= letters.length; i++) {
    if (!word.every((letter, k) => letters[i + k] === letter)) continue
    const score = (i === 0 ? 100 : isWordStart(text, i) ? 80 : 50) + 20 * (word.length / letters.length)
    if (!best || score > best.score) best = { score, at: word.map((_, k) => i + k) }
  }
  if (best || word.length < 2) return best
  const at: number[] = []
  let from = 0
  for (const letter of word) {
    const next = at.length && letters[from] === letter ? from : undefined
    const start = next ?? letters.findIndex((each, i) => i >= from && each === letter && isWordStart(text, i))
    if (start < 0) return undefined
    at.push(start)
    from = start + 1
  }
  return { score: 20 + 20 * (word.length / letters.length), at }
}

/** Matches what was typed with a text: every word of it must be found, in any order. Undefined where one is not. */
export function fuzzy(query: string, text: string): Match | undefined {
  const letters = folded(text)
  const words = query.trim().split(/\s+/).filter(Boolean)
  const found: Match[] = []
  for (const word of words) {
    const match = matchWord(folded(word), text, letters)
    if (!match) return undefined
    found.push(match)
  }
  const score = found.reduce((sum, match) => sum + match.score, 0) / Math.max(1, found.length)
  return { score, at: [...new Set(found.flatMap(({ at }) => at))].sort((a, b) => a - b) }
}
