import { expect, test } from 'vitest'
import { countTests, countTestsIn } from '../../src/cli/test-counts.ts'

const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map((each) => ({ status: each })) })
const count = (...testResults: ReturnType<typeof file>[]) => countTests(JSON.stringify({ testResults }))

test('tests are counted over all files', () => {
  expect(count(file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed'))).toEqual({ passed: 3, failed: 1 })
})

test('a file that could not be loaded, or whose hook failed, counts as one failed test', () => {
  expect(count(file('failed'), file('failed', 'passed', 'skipped'))).toEqual({ passed: 1, failed: 2 })
})

test('a run without a report counts as failed', () => {
  expect(countTestsIn('/nonexistent/report.json')).toEqual({ passed: 0, failed: 1 })
})
