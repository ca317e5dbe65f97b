import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectDir } from '../../src/lab/paths.ts'

const tandem = (args: readonly string[], input = '') => spawnSync(process.execPath, [join(projectDir, 'src/cli/tandem.ts'), ...args], { input, encoding: 'utf8' })

test('an utterance a line, an answer a line; a line that is none is said so, and the others are answered', () => {
  const { stdout, status } = tandem(['recommend', '--jsonl'], ['{"id":"a","text":"小区门口的路灯好几天不亮了"}', 'nonsense', '{"id":7,"text":""}', '{"id":"b"}', '{"text":"路灯"}', `{"id":"c","text":"${'字'.repeat(10_000)}"}`, '', '{"id":"d","text":"有人拿刀砍人"}'].join('\n'))
  const answers = stdout.trim().split('\n').map((line): Record<string, unknown> => JSON.parse(line))
  expect(answers[0]).toMatchObject({ id: 'a', platform: '12345', emergency: false, matters: expect.arrayContaining([{ category: '公共设施类', item: '路灯故障', score: expect.any(Number) }]) })
  expect(answers.slice(1, 6)).toEqual([
    { id: null, error: 'the line is no JSON object' },
    { id: 7, error: 'text: there is no Chinese or Latin word in it' },
    { id: 'b', error: 'text: not a text' },
    { id: null, error: 'id: neither text nor a number' },
    { id: 'c', error: 'text: longer than 2000 characters' },
  ])
  expect(answers[6]).toMatchObject({ id: 'd', platform: '110', emergency: true })
  expect(status).toBe(1)
})

test('the catalogue is printed, and what is not understood is said', () => {
  const { stdout, status } = tandem(['catalogue', 'export', '--json'])
  expect(JSON.parse(stdout)).toHaveLength(133)
  expect(status).toBe(0)
  expect(tandem(['catalogue', 'burn'])).toMatchObject({ status: 2, stderr: expect.stringContaining('tandem catalogue export') })
  expect(tandem(['recommend'])).toMatchObject({ status: 2, stderr: expect.stringContaining('tandem recommend --jsonl') })
})
