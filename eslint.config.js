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
      // A new kind of entry, state or outcome must be handled wherever kinds are told apart, unless
      // the switch says with a `default` that the other kinds do not concern it.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Objects here are closures: their methods have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // An async function may have nothing to wait for yet, where its type asks for a promise.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      // A function's length is measured in test/tidy.test.ts, without the functions within it: the
      // linter's own rule would count a whole createX() with all its closures as one function.
      'max-lines': ['error', { max: 400 }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // In a test `!` says "must be there", and a TypeError there is a failed test.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A test looks at what came over the wire as it came: its expectations are the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // The console's scripts run in a browser, without a compiler.
    files: ['api/console/script/*.js'],
    extends: [tseslint.configs.eslintRecommended],
    rules: { eqeqeq: 'error', 'no-console': 'error', 'no-eval': 'error', 'prefer-const': 'error' },
  },
  {
    // These speak to a person at a terminal.
    files: [
      'cli/**/*.ts',
      'testing/bench/**/*.ts',
      'test/support/*.ts',
      'test/pages/chromium.ts',
      '**/*main.ts',
      'api/server.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
