import type { engine as words } from '../en/engine'

const precision = {
  title: '計算精度',
  choices: { float32: '32ビット浮動小数点', float16: '16ビット浮動小数点', int8: '8ビット整数' },
}

export const engine: typeof words = {
  vocabulary: {
    tasks: {
      enhance: {
        label: 'ノイズ除去',
        description: '声の録音からノイズを取り除きます。',
        settings: {
          strength: { title: '強さ', description: 'ノイズを取り除く度合いです。下げると部屋の響きが少し残ります。' },
          iterations: {
            title: '反復回数',
            description: '増やすとノイズをより正確に捉えますが、時間がかかります。',
          },
          noise: { title: 'ノイズも保存', description: '取り除いた音も保存し、あとで聞けるようにします。' },
          precision: {
            ...precision,
            description:
              '32ビット浮動小数点は省略なしで計算します。ほかは大きなモデルとグラフィックスカードでのみ速くなります。',
          },
        },
      },
      convert: {
        label: '声質変換',
        description: '録音の声を別の声に変えます。出力は1チャンネルです。',
        settings: {
          to: { title: '声', description: '変換先の声です。' },
          blend: { title: '2つ目の声', description: '混ぜる声です。混ぜない場合は空にします。' },
          share: { title: '2つ目の声の割合', description: '0で1つ目の声のみ、1で2つ目の声のみになります。' },
          strength: {
            title: '強さ',
            description:
              '声を変える度合いです。0で元のまま、1で学習した声になり、さらに上げると特徴が強まり言葉は粗くなります。',
          },
          from: { title: '話者', description: 'モデルの声のどれかです。空の場合は最も近い声を探します。' },
          start: { title: '開始', description: '変換を始める位置（秒）です。' },
          end: { title: '終了', description: '変換を終える位置（秒）です。' },
          normalize: {
            title: '音量を最大化',
            description: '結果の音量を最大まで上げます。オフの場合と範囲だけを変換する場合は、録音の音量のままです。',
          },
        },
      },
      vocode: {
        label: 'ボコード',
        description: 'メルスペクトログラムだけから音を作り直します。出力は1チャンネルです。',
        settings: {
          sigma: {
            title: 'ばらつき（σ）',
            description: '音のもとになるノイズの広がりです。下げると滑らかに、上げると生き生きとします。',
          },
          denoise: {
            title: 'ハム除去',
            description: 'モデル自身が出すハムを取り除く度合いです。0では取り除きません。',
          },
          precision: {
            ...precision,
            description:
              '32ビット浮動小数点は省略なしで計算します。プロセッサーでは8ビット整数、グラフィックスカードでは16ビット浮動小数点が速くなります。',
          },
        },
      },
      inspect: {
        label: '検査',
        description: 'モデルが学習した正常な画像と比べて、どれほど異常か、どこが異常かを示します。',
        settings: {
          threshold: {
            title: 'しきい値',
            description:
              'このスコア以上の画像を異常とし、このスコア以上のピクセルをマスクに含めます。0.5はモデルが引いた境界です。',
          },
          falseAlarms: {
            title: '誤検出の割合',
            description: '正常な画像のうち、異常と判定してよい割合です。モデルが境界を引く位置が決まります。',
          },
          minArea: {
            title: '領域の最小サイズ（ピクセル）',
            description: 'これより小さい領域は、マスクと一覧に含めません。',
          },
          kappa: {
            title: '特徴の重み（κ）',
            description: 'ピクセルに対して、識別器の特徴をどれだけ重く見るかです。f-AnoGANのみで使います。',
          },
          method: {
            title: '方法',
            description:
              '「探索」はAnoGANと同じく勾配で最も近い正常な画像を探します。時間がかかり、その方法で校正されたモデルでのみ使えます。',
            choices: { usual: '標準', search: '探索' },
          },
        },
      },
    },
    phases: {
      'Preparing the device': 'デバイスを準備しています',
      'Loading the model': 'モデルを読み込んでいます',
      'Reading the recording': '録音を読み込んでいます',
      'Finding out who speaks': '話者を判定しています',
      'Writing the file': 'ファイルに書き込んでいます',
      Cleaning: 'ノイズを取り除いています',
      Converting: '変換しています',
      Vocoding: '音を合成しています',
      Inspecting: '検査しています',
    },
    errors: {
      'bad-input': '入力に問題があります',
      'not-found': '見つかりませんでした',
      unsupported: '対応していません',
      cancelled: '中止されました',
      'disk-full': 'ディスクの空きが足りません',
      'no-permission': 'アクセスが許可されていません',
      conflict: 'ほかの操作と競合しました',
      corrupt: 'データが壊れています',
      unavailable: '現在は利用できません',
      internal: '内部エラーが発生しました',
    },
  },
}
