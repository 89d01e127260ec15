import type { shell as words } from '../en/shell'

export const shell: typeof words = {
  units: {
    seconds: (count) => `${count}秒`,
    minutes: (count) => `${count}分`,
    hours: (count, minutes) => (minutes ? `${count}時間${minutes}分` : `${count}時間`),
    percent: (count) => `${count}%`,
  },
  palette: {
    title: 'コマンド',
    action: 'コマンドを検索…',
    find: 'コマンド、ライブラリの項目、設定を検索',
    none: '一致するものはありません',
    list: '検索結果',
    kinds: { action: 'コマンド', asset: 'ライブラリ', setting: '設定' },
    count: (count) => `${count}件`,
    cannot: '現在は使えません',
    keys: { move: '選択', run: '実行', close: '閉じる' },
  },
  projects: {
    title: 'プロジェクト',
    action: 'プロジェクト…',
    reading: 'プロジェクトを探しています',
    listFailed: 'プロジェクトの一覧を取得できませんでした',
    current: '使用中',
    create: '新しいプロジェクト',
    name: '名前',
    go: '作成して開く',
    where: (folder) => `${folder}に作成します。実行中のジョブは、そのプロジェクトを次に開いたときに続行されます。`,
    opening: (name) => `「${name}」を開いています…`,
    failed: (name) => `「${name}」を開けませんでした`,
  },
  samples: {
    title: 'サンプルで試す',
    failed: 'サンプルを追加できませんでした',
    speech: { action: '録音のノイズを取り除く', about: '水道の音が重なった2人の声、13秒' },
    surface: { action: '壁の傷を見つける', about: 'れんがの画像と、正常なれんがを学習したモデル' },
  },
}
