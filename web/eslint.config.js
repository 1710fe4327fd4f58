import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/components.d.ts', 'src/api/schema.d.ts', 'test-results'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      // layout is a matter of taste here, not of faults
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multi-word-component-names': 'off', // the words of the trade are single words
      'vue/attributes-order': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      // a label either wraps its control or points to it
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // the browser allows only lists, tables and forms their natural roles
      'no-restricted-globals': ['error', { name: 'fetch', message: 'only api/ talks to the server' }],
    },
  },
  { files: ['src/api/**', 'e2e/**'], rules: { 'no-restricted-globals': 'off' } },
)
