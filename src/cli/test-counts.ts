import { readFileSync } from 'node:fs'

export interface TestCounts {
  readonly passed: number
  readonly failed: number
}

/** The part of vitest’s JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly status: 'passed' | 'failed'
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/**
 * Counts the tests of a report of vitest’s `json` reporter. A file that failed without a failed test (it could not be
 * loaded, or one of its hooks failed) counts as one failed test, so that no failure goes uncounted.
 */
export function countTests(report: string): TestCounts {
  const { testResults } = JSON.parse(report) as Report
  let passed = 0
  let failed = 0
  for (const { status, assertionResults } of testResults) {
    const failedHere = assertionResults.filter((test) => test.status === 'failed').length
    passed += assertionResults.filter((test) => test.status === 'passed').length
    failed += failedHere === 0 && status === 'failed' ? 1 : failedHere
  }
  return { passed, failed }
}

/** As `countTests`, of a file; a run that left no report counts as one failed test. */
export function countTestsIn(file: string): TestCounts {
  try {
    return countTests(readFileSync(file, 'utf8'))
  } catch {
    // vitest ended before it could write; its own message is on the screen.
    return { passed: 0, failed: 1 }
  }
}
