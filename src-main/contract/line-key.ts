/** What decides what a result's values stand for: the model, and how it was asked to score. Results of one key are on one scale. */
export function lineKey({
  pack,
  settings,
}: {
  pack: { sha256: string }
  settings: Readonly<Record<string, unknown>>
}): string {
  const { falseAlarms = 0.01, kappa = 1, method = 'usual' } = settings
  return [pack.sha256, falseAlarms, kappa, method].join(' ')
}

/** Where a model itself puts the line. */
export const ownLine = 0.5
