import { configDefaults, defineConfig } from 'vitest/config'
import { leftOut } from './e2e/support/needs-openssl.ts'

/** Where continuous integration wants the results as JSON. */
const report = process.env['TEST_REPORT']

export default defineConfig({
  test: {
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
    projects: [
      {
        test: {
          name: 'unit',
          isolate: false, // files share what they import: half the time, and no test may rely on a module of its own
          include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/lib/**/*.test.ts'],
          testTimeout: 30_000, // a deadline for what hangs, on a machine that is busy with other things
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          isolate: false, // likewise
          include: ['e2e/**/*.test.ts', 'examples/**/*.test.ts', 'bench/*.test.ts'],
          exclude: [...configDefaults.exclude, ...leftOut],
          globalSetup: ['e2e/support/global-setup.ts'],
          setupFiles: ['e2e/support/clean-up.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
