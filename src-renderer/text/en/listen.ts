/** What is said of comparing results, and of looking at sound closely. */
export const listen = {
  compare: {
    cap: 'Δ',
    hearNth: (letter: string) => `Hear ${letter} of all results`,
    differenceOf: (first: string, second: string) => `${first} − ${second}`,
    differenceHint: 'What differs, sample by sample, at the loudness in which the two are played.',
    actions: {
      compareAll: 'Compare all results',
      difference: 'Hear what differs from the original',
      blindTest: 'Blind test (ABX)',
      blindA: 'Blind test: hear A',
      blindB: 'Blind test: hear B',
      blindX: 'Blind test: hear X',
      isA: 'X is A',
      isB: 'X is B',
      nextTrial: 'Next question',
      endTest: 'End the test',
    },
    blind: {
      title: 'Blind test',
      explain:
        'One of A and B is the original, the other the result. X is one of the two. Which? All are equally loud.',
      letters: { a: 'A', b: 'B', x: 'X' },
      hear: (letter: string) => `Hear ${letter}`,
      none: 'Nothing answered yet',
      score: (correct: number, count: number, p: string) =>
        `${correct} of ${count} correct. Guessing does as well with a probability of ${p}.`,
      verdict: (isRight: boolean, letter: string, name: string) =>
        `${isRight ? 'Correct' : 'Wrong'}: X was ${letter}, ${name}.`,
    },
  },
  result: {
    made: 'Made',
    useAgain: 'Run again with…',
    filled: 'The panel has the settings, the model and the seed of this result.',
    modelGone: (name: string) => `The model ${name} is not there any more`,
    modelGoneHint: 'The other settings are filled in. Choose a model.',
    seedHint: 'The same seed and settings make the same result.',
    newSeed: 'Take a new seed',
  },
}
