import type { Lengths } from '../lengths'

/** A whole number times lengths: none for a plain number, one, or two of them (places in the list of names). */
export interface Term {
  whole: number
  factors: readonly number[]
}

/** Σ terms / divisor, of second degree at most, with a value that is whole wherever it is used as a size. */
export interface Polynomial {
  terms: Term[]
  divisor: number
}

const DIVISORS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64, 128, 256, 512, 1024]

/** Products of lengths, of no or one factor, and with two. */
function bases(count: number): (readonly number[])[][] {
  const each = Array.from({ length: count }, (_, i) => i)
  const even = [[], ...each.map((i) => [i])]
  return [even, [...even, ...each.flatMap((i) => each.slice(i).map((j) => [i, j]))]]
}

const product = (factors: readonly number[], names: readonly string[], lengths: Lengths) =>
  factors.reduce((value, i) => value * lengths[names[i]!]!, 1)

/**
 * The polynomial that has these numbers at these lengths, of the least degree; undefined where there is none. `tolerance` is the relative error that the
 * numbers may have: 0 for sizes, some 1e-6 for numbers that were rounded to float32.
 */
export function fitPolynomial(
  numbers: readonly number[],
  lengths: readonly Lengths[],
  names: readonly string[],
  tolerance = 0,
): Polynomial | undefined {
  for (const basis of bases(names.length)) {
    const rows = lengths.map((at) => basis.map((factors) => product(factors, names, at)))
    const slopes = solved(rows, numbers)
    if (!slopes) return undefined
    for (const divisor of DIVISORS) {
      const whole = slopes.map((slope) => Math.round(slope * divisor) || 0)
      const fits = rows.every((row, i) => {
        const value = row.reduce((sum, number, j) => sum + number * whole[j]!, 0)
        return Math.abs(value - numbers[i]! * divisor) <= tolerance * Math.abs(numbers[i]! * divisor)
      })
      if (!fits) continue
      const terms = basis.map((factors, j) => ({ whole: whole[j]!, factors })).filter((term) => term.whole !== 0)
      return { terms, divisor }
    }
  }
  return undefined
}

/** Solves rows · x = numbers by as many of the rows as there are unknowns (Gaussian elimination); undefined where the rows do not tell. */
function solved(rows: readonly (readonly number[])[], numbers: readonly number[]): number[] | undefined {
  const table = rows.map((row, i) => [...row, numbers[i]!])
  const count = rows[0]!.length
  for (let column = 0; column < count; column++) {
    let best = column
    for (let i = column; i < table.length; i++) {
      if (Math.abs(table[i]![column]!) > Math.abs(table[best]?.[column] ?? 0)) best = i
    }
    const pivot = table[best]
    if (!pivot || Math.abs(pivot[column]!) < 1e-6) return undefined
    table[best] = table[column]!
    table[column] = pivot
    for (const [i, row] of table.entries()) {
      if (i === column) continue
      const share = row[column]! / pivot[column]!
      for (let j = column; j <= count; j++) row[j]! -= share * pivot[j]!
    }
  }
  return Array.from({ length: count }, (_, i) => table[i]![count]! / table[i]![i]!)
}

/** The polynomial as a number, or as text such as `frames`, `256*frames` or `8*groups+3`. */
export function written({ terms, divisor }: Polynomial, names: readonly string[]): number | string {
  const plain = terms.find(({ factors }) => factors.length === 0)?.whole ?? 0
  const growing = terms
    .filter(({ factors }) => factors.length > 0)
    .map(({ whole, factors }) => [...(whole === 1 ? [] : [whole]), ...factors.map((i) => names[i])].join('*'))
  if (growing.length === 0) return plain / divisor
  const sum = [...growing, ...(plain === 0 ? [] : [String(plain)])].join('+').replaceAll('+-', '-')
  return divisor === 1 ? sum : `(${sum})/${divisor}`
}
