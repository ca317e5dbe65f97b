import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Not below node_modules: tests may run as root, and `npm ci` as somebody else.
  cacheDir: '.runtime/vitest',
  test: {
    include: ['test/**/*.test.ts'],
    // Each file is a process, with which the kernel ends whatever it started; one at a time, for the machine has one set of usual ports.
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    expect: { poll: { interval: 20, timeout: 10_000 } },
  },
})
