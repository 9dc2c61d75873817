import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `npm run coverage:guard`: which branches of what reads bytes of strangers the unit tests and the fuzzer take. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../../..', import.meta.url)),
    include: [
      'packages/broker/src/{guard,guard-of-5,decode-connect,decode-connect-of-5,connect-reader,fault,larger-pieces}.test.ts',
      'packages/broker/src/testing/fuzz/*.test.ts',
    ],
    testTimeout: 60_000,
    coverage: {
      enabled: true,
      provider: 'v8',
      reporter: ['text'],
      include: [
        'packages/broker/src/{guard,body-check,packet-head,fields,fault,gathered-bytes,larger-pieces}.ts',
        'packages/broker/src/{publish-head,publish-fault,topic-fault,filters-fault}.ts',
        'packages/broker/src/{decode-connect,connect-reader}.ts',
        'packages/broker/src/mqtt5/*.ts',
      ],
      thresholds: { branches: 100, statements: 100 },
    },
  },
})
