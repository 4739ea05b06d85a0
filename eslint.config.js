import tseslint from 'typescript-eslint';

// Formatting is prettier's, line length included; what the compiler refuses is not repeated here;
// what needs the whole tree (import directions, banned calls, SQL) is in test/tidy.test.ts.
export default tseslint.config(
  { ignores: ['dist/', '.levy/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A promise nobody waits for is a charge nobody hears of.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      // A new kind of entry, state or outcome must be handled wherever kinds are told apart.
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unnecessary-condition': 'off', // Distrusts every check of outside data.
      // An async function may have nothing to wait for yet, where its type asks for a promise.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A describe block is a function to the linter; test/tidy.test.ts measures those within it.
      'max-lines-per-function': 'off',
      // In a test `!` says "must be there", and a TypeError there is a failed test.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // These speak to a person at a terminal.
    files: ['cli/**/*.ts', 'bench/**/*.ts', 'test/support/*.ts', '**/*main.ts', 'api/server.ts'],
    rules: { 'no-console': 'off' },
  },
);
