import prettier from 'eslint-config-prettier'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import { importDirections } from './build/import-directions.mjs'
import { noSentences, textIsLive } from './build/text-rules.mjs'
import svelteConfig from './svelte.config.js'

export default ts.config(
  { ignores: ['out/', 'dist/', 'node_modules/', 'test-results/', 'playwright-report/', '.svelte-check/'] },
  ts.configs.recommended,
  svelte.configs.recommended,
  prettier,
  svelte.configs.prettier,
  {
    plugins: {
      nagare: {
        rules: { 'import-directions': importDirections, 'no-sentences': noSentences, 'text-is-live': textIsLive },
      },
    },
    rules: {
      'nagare/import-directions': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all', ignoreReadBeforeAssign: true }],
      'no-control-regex': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
    },
  },
  { files: ['src-main/**', 'build/**', 'test/**', '*.config.*'], languageOptions: { globals: globals.node } },
  { files: ['src-renderer/**', 'test/component/**'], languageOptions: { globals: globals.browser } },
  {
    files: ['src-renderer/**'],
    ignores: ['src-renderer/text/**'],
    rules: {
      'nagare/no-sentences': 'error',
      'nagare/text-is-live': 'error',
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/text/(en|ja)(/|$)',
              allowTypeImports: true,
              message: 'Read `text` of text/text.svelte: it speaks the language chosen.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { extraFileExtensions: ['.svelte'], parser: ts.parser, svelteConfig } },
    // Its own rule knows that $props and $derived must be declared by let.
    rules: { 'prefer-const': 'off', 'svelte/prefer-const': ['error', { destructuring: 'all' }] },
  },
  // Playwright's fixtures call their continuation `use` and destructure nothing where they need nothing.
  { files: ['test/e2e/**', 'test/screens/**'], rules: { 'no-empty-pattern': 'off' } },
)
