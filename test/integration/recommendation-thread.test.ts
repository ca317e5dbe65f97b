import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openJournal } from '../../src/journal/open-journal.ts'
import type { JournalFile } from '../../src/journal/open-journal.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { annex } from '../../src/matters/annex.ts'
import { Choices } from '../../src/recommendation/choices.ts'
import { RecommendationThread, RecommenderAway } from '../../src/recommendation/recommendation-thread.ts'
import { newJournalPath } from '../support/given-http.ts'

const path = newJournalPath()
const logger = pino({ level: 'silent' })
const said = '小区门口的路灯好几天不亮了'
let file: JournalFile
let choices: Choices
let thread: RecommendationThread

const started = () => new RecommendationThread({ rows: annex, choices: () => choices.all(), logger })
const first = async (text: string) => (await thread.ask({ text, most: 1, except: [] })).matters[0]?.id
const ready = () => eventually(() => thread.ask({ text: '路灯不亮', most: 1, except: [] }).then(() => true, () => false), Boolean, 50_000)

beforeAll(async () => {
  file = await openJournal({ path })
  choices = new Choices(file.tables)
  thread = started()
})
afterAll(async () => {
  await thread.close()
  await file.close()
  rmSync(dirname(path), { recursive: true })
})

async function choose(matter: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await choices.add(await thread.choose(said, matter), `2026-11-27T08:00:0${n}.000Z`)
  }
}

it('refuses while it learns, and answers when it has', async () => {
  await expect(thread.ask({ text: said, most: 1, except: [] })).rejects.toThrow(RecommenderAway)
  await ready()
  expect(await first('小区的路灯不亮')).toBe('L2-02')
})

it('what agents chose is learned at once, known after a restart, shown, and forgotten on demand', async () => {
  const wanted = 'L2-01'
  const scored = async () => (await thread.ask({ text: said, most: 133, except: [] })).matters.find(({ id }) => id === wanted)?.score ?? 0
  const before = await scored()
  await choose(wanted, 9)
  const after = await scored()
  expect(after).toBeGreaterThan(before)
  await thread.close()
  thread = started()
  await ready()
  await eventually(scored, (score) => score === after)
  expect(await choices.learned()).toEqual([{ matter: wanted, choices: 9, last: '2026-11-27T08:00:08.000Z', words: expect.arrayContaining(['路灯']) }])
  await choices.forget('L1-01')
  expect(await choices.learned()).toHaveLength(1)
  await choices.add((await choices.all())[0] ?? { matter: '', features: [] }, '2026-11-27T08:00:09.000Z', 'call-1')
  await choices.forgetCalls(['call-1'])
  expect(await choices.all()).toHaveLength(9)
  await choices.forget(wanted)
  await thread.chosenAnew()
  await eventually(scored, (score) => score === before)
})

it('a new catalogue is learned while the one before answers, and no question is lost as it takes over', async () => {
  thread.learn([...annex, { id: 'L2-72', list: 2, category: '公共设施类', item: '共享雨伞损坏', scope: '对共享雨伞机损坏、雨伞借不出来的反映', phrases: ['共享雨伞机坏了', '伞借不出来'] }])
  expect(await first('小区的路灯不亮')).toBe('L2-02')
  const asked = '共享雨伞机坏了，伞借不出来'
  // Without a pause, so that some are always under way.
  const deadline = performance.now() + 50_000
  let answered: (string | undefined)[] = []
  do {
    // oxlint-disable-next-line no-await-in-loop -- one lot after the other
    answered = await Promise.all(Array.from({ length: 20 }, () => first(asked)))
  } while (!answered.every((id) => id === 'L2-72') && performance.now() < deadline)
  expect(new Set(answered)).toEqual(new Set(['L2-72']))
})
