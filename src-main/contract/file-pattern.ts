/** A naming pattern with its words in braces filled in; brackets and commas that stood around empty ones only are left out. */
export const fillPattern = (pattern: string, words: Readonly<Record<string, string>>): string =>
  pattern
    .replace(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole)
    .replace(/\(\s*[,;]?\s*\)|,\s*(?=\))/g, '')
    .replace(/\s+/g, ' ')
    .trim()
