/** Rows of cells as lines, columns two spaces apart; the first column stands left, all others right. `–` where there is nothing to show. */
export function formatTable(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const cells = [head, ...rows].map((row) => head.map((_, column) => row[column] ?? '–'))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Three significant digits, as long as they are wanted: 0.0412, 5.31, 53.1, 531. */
export const figure = (value: number): string => {
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value) || 1))))
  return value.toFixed(digits)
}
