/** Attributes that people read or hear. */
const spokenAttributes = new Set([
  'aria-label',
  'aria-valuetext',
  'aria-roledescription',
  'alt',
  'placeholder',
  'title',
  'label',
])

/** Names that are the same in every language. */
const anywhere = /^(Hz|kHz|dB|Nagare)$/

const hasWord = (value) => (value.match(/\p{L}{2,}/gu) ?? []).some((word) => !anywhere.test(word))

/** Two words, the first with a capital: a sentence or a label rather than an id, a selector or a media query. */
const isSentence = (value) => /^\p{Lu}\p{Ll}+[^\p{L}]? \p{L}/u.test(value.trim())

/** Whether a string is for programmers only: the message of an error that a person never meets. */
function isForProgrammers(node) {
  const { parent } = node
  return parent?.type === 'NewExpression' && /^(Error|TypeError|RangeError)$/.test(parent.callee.name ?? '')
}

/** ESLint rule: what people read stands in the dictionaries of src-renderer/text, not in components, actions or state. */
export const noSentences = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { sentence: 'Words for people stand in src-renderer/text, in every language: {{words}}' },
  },
  create(context) {
    const report = (node, words) => context.report({ node, messageId: 'sentence', data: { words: words.trim() } })
    const check = (node, value) => {
      if (typeof value === 'string' && isSentence(value) && !isForProgrammers(node)) report(node, value)
    }
    return {
      SvelteText(node) {
        const inside = node.parent?.type
        if (inside !== 'SvelteStyleElement' && inside !== 'SvelteScriptElement' && hasWord(node.value))
          report(node, node.value)
      },
      SvelteAttribute(node) {
        if (!spokenAttributes.has(node.key.name)) return
        for (const part of node.value)
          if (part.type === 'SvelteLiteral' && hasWord(part.value)) report(part, part.value)
      },
      Property({ key, value }) {
        const said = value.type === 'ArrowFunctionExpression' ? value.body : value
        const isShown = /^(label|title|text|hint)$/.test(key.name ?? '') && said.type === 'Literal'
        if (isShown && /^\p{Lu}\p{L}+\.?$/u.test(said.value)) report(said, said.value)
      },
      Literal: (node) => check(node, node.value),
      TemplateElement: (node) => check(node.parent, node.value.cooked),
    }
  },
}

const isRune = (node) =>
  node.type === 'CallExpression' && /^\$(derived|effect)$/.test((node.callee.object ?? node.callee).name ?? '')

/** ESLint rule: the dictionary is read where a change of language is followed: in templates, `$derived`, and functions. */
export const textIsLive = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      frozen: 'This reads the dictionary once and keeps the language of that moment: make it $derived or a function.',
    },
  },
  create(context) {
    return {
      'MemberExpression[object.type="Identifier"][object.name="text"]'(node) {
        if (
          !context.sourceCode
            .getScope(node)
            .references.some(
              ({ identifier, resolved }) =>
                identifier === node.object && resolved?.defs.some(({ type }) => type === 'ImportBinding'),
            )
        )
          return
        for (let at = node.parent; at; at = at.parent) {
          if (/Function/.test(at.type) || isRune(at)) return
          if (at.type === 'SvelteScriptElement' || at.type === 'Program') break
          if (/^Svelte/.test(at.type)) return
        }
        context.report({ node, messageId: 'frozen' })
      },
    }
  },
}
