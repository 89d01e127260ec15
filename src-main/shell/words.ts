import { englishShellWords, type ShellWords } from '../contract'

let now: ShellWords = englishShellWords

/** The shell's words in the language that the window speaks. */
export const words = (): ShellWords => now

export const speak = (told: ShellWords): void => void (now = told)
