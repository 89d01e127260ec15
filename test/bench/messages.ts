/** What the measuring process asks of a measured one, a line of JSON each; `torch/serving.py` answers the same. */
export type Request =
  /** Reads the numbers in the file `values` and gets the case ready. */
  | { do: 'open'; values: string; threads: number; device: string }
  /** Milliseconds of one call: `repeats` figures, each over `calls` calls. */
  | { do: 'time'; calls: number; repeats: number }
  /** Most memory that the process has held so far. */
  | { do: 'peak' }
  /** Writes what both sides must agree on to the file `result`, from a fresh start. */
  | { do: 'check'; result: string }
  /** Milliseconds that the program `name` takes to load, with compiled graphs kept in `cache`, in a process that has loaded nothing yet. */
  | { do: 'load'; name: string; values: string; threads: number; cache: string }
  /** Milliseconds of the parts of compiling it, in such a process. */
  | { do: 'compile'; name: string; values: string }

export interface Replies {
  /** Versions of what computes. */
  open: { versions: Record<string, string> }
  time: { milliseconds: number[] }
  /** Megabytes; null where the system does not tell. */
  peak: { megabytes: number | null }
  check: Record<string, never>
  load: { milliseconds: number }
  compile: { compile: number; encode: number; operators: number }
}

export type Reply<R extends Request> = Replies[R['do']]
