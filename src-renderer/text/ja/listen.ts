import type { listen as english } from '../en/listen'

/** 結果の聞き比べと、音を細かく見るときの言葉。 */
export const listen: typeof english = {
  compare: {
    cap: 'Δ',
    hearNth: (letter) => `全結果の${letter}を聞く`,
    differenceOf: (first, second) => `${first} − ${second}`,
    differenceHint: '再生時の音量での、サンプルごとの差です。',
    actions: {
      compareAll: '全結果を比べる',
      difference: '原音との差を聞く',
      blindTest: 'ブラインドテスト（ABX）',
      blindA: 'ブラインドテスト：Aを聞く',
      blindB: 'ブラインドテスト：Bを聞く',
      blindX: 'ブラインドテスト：Xを聞く',
      isA: 'XはA',
      isB: 'XはB',
      nextTrial: '次の問題',
      endTest: 'テストを終える',
    },
    blind: {
      title: 'ブラインドテスト',
      explain: 'AとBの一方は原音、もう一方は結果です。Xはそのどちらかです。どちらでしょうか。音量はすべて同じです。',
      letters: { a: 'A', b: 'B', x: 'X' },
      hear: (letter) => `${letter}を聞く`,
      none: 'まだ回答がありません',
      score: (correct, count, p) => `${count}問中${correct}問正解。当て推量で同じ成績になる確率は${p}です。`,
      verdict: (isRight, letter, name) => `${isRight ? '正解' : '不正解'}：Xは${letter}（${name}）でした。`,
    },
  },
  result: {
    made: '作成',
    useAgain: 'この設定で再実行…',
    filled: 'この結果の設定、モデル、シードをパネルに入れました。',
    modelGone: (name) => `モデル${name}はもうありません`,
    modelGoneHint: '他の設定は入っています。モデルを選んでください。',
    seedHint: '同じシードと設定からは同じ結果ができます。',
    newSeed: '新しいシードにする',
  },
}
