import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Not below node_modules: tests may run as root, and `npm ci` as somebody else.
  cacheDir: '.runtime/vitest',
  test: {
    // Each file is a process, with which the kernel ends whatever it started.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    expect: { poll: { interval: 20, timeout: 10_000 } },
    projects: [
      { extends: true, test: { name: 'pure', include: ['test/unit/**/*.test.ts'], sequence: { groupOrder: 0 } } },
      // One at a time: the machine has one set of usual ports, and sound keeps its time.
      { extends: true, test: { name: 'real', include: ['test/{contract,integration,e2e}/**/*.test.ts'], fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
  },
})
