import { defineConfig } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['dist/', '.runtime/', 'var/', 'node_modules/'] },
  {
    files: ['src/**/*.ts', 'tools/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An Express handler may return a promise: Express 5 forwards its rejection.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      // `!` marks guarantees outside the type system, such as a user behind requireUser.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Express handlers end early with `return next();`.
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  // Folders import downwards.
  ...Object.entries({
    http: ['auth', 'audiences', 'audit', 'system', 'users', 'products'],
    database: ['auth', 'http', 'audit', 'users', 'products'],
    audit: ['auth', 'audiences', 'users', 'products'],
    auth: ['audiences', 'users', 'products', 'system'],
  }).map(([folder, above]) => ({
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: above.map((name) => `../${name}/*`) }],
    },
  })),
  {
    files: ['public/js/**/*.js'],
    extends: [tseslint.configs.recommended],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['tools/**/*.js', '*.js'],
    extends: [tseslint.configs.recommended],
    languageOptions: { globals: globals.node },
  },
);
