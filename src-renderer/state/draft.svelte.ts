/** What a person has set for the next run and not yet run. */
export const draft = $state({
  /** The chosen task, where it fits what is selected. */
  task: null as string | null,
  /** Changed settings by task; the rest comes from what was remembered and from defaults. */
  values: {} as Record<string, Record<string, unknown>>,
  /** Seed of the next run; null takes a new one. */
  seed: null as number | null,
  /** What a task works on, where a stretch of sound is selected. */
  stretch: 'selection' as 'whole' | 'selection',
  /** Job whose result is shown as soon as it is there. */
  follow: null as string | null,
  starting: false,
})
