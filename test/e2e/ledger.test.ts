import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../src/lab/eventually.ts'
import { projectDir } from '../../src/lab/paths.ts'
import type { Phone } from '../../src/lab/phone.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import { clear, expectTalkTogether, givenTalk, press, settled, tones } from '../support/given-call.ts'

let stack: Stack
let caller: Phone
let agent: Phone
let peer: Phone

beforeAll(async () => {
  stack = await startStack({ name: 'e2e-ledger', ledger: true })
  caller = await stack.citizen({ toneHz: tones.caller, name: '王女士' })
  agent = await stack.agent('1001', tones.agent)
  peer = await stack.agent('2001', tones.peer)
}, 120_000)
afterAll(() => stopAll())

const typesIn = async (handover: string): Promise<readonly string[]> => {
  const { status, body } = await stack.api.get<{ items?: { fact: { type: string } }[] }>(`/v1/ledger/events?handover=${handover}`)
  return status === 200 ? (body.items ?? []).map(({ fact }) => fact.type) : []
}

const recommended = () => stack.api.post<{ code: string; platform: string; matters: { item: string }[]; decision: { mode: string } }>('/v1/recommendations', { text: '小区门口的路灯好几天不亮了', at: '110' })

async function tandem(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const run = promisify(execFile)
  try {
    const { stdout } = await run(process.execPath, [join(projectDir, 'src/cli/tandem.ts'), ...args, '--config', stack.configFile])
    return { code: 0, out: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout + stderr }
  }
}

it('Postgres dies at the press and the service after it: the call goes through, and the ledger has it all when they are back', async () => {
  await givenTalk(stack, caller, agent, '1001')
  await stack.postgres?.kill()
  const { id } = await press(stack, '1001')
  await peer.waitFor('incoming')
  await peer.answer()
  await settled(stack, id, 'completed')
  await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  expect((await stack.api.get('/v1/health')).body).toMatchObject({ ok: true })
  expect((await stack.api.get(`/v1/ledger/events?handover=${id}`)).body).toMatchObject({ code: 'ledger-away' })
  stack.service.kill('SIGKILL')
  await stack.service.exited
  await stack.postgres?.start()
  await stack.startService()
  await eventually(() => typesIn(id), (types) => types.includes('handover-completed'), 20_000)
  expect((await typesIn(id)).filter((type) => type.startsWith('handover-'))).toEqual(['handover-requested', 'handover-dialled', 'handover-ringing', 'handover-answered', 'handover-joined', 'handover-released', 'handover-completed'])
  await expectTalkTogether([caller, 'caller'], [peer, 'peer'])
  await clear(stack, caller, agent, peer)
  await eventually(async () => (await stack.api.get('/v1/health')).body, (body) => (body as { ledger: { ok: boolean } }).ledger.ok)
})

it('the command signs, verifies, rebuilds and exports it, while the service runs', async () => {
  await eventually(async () => (await stack.api.get<{ items?: object[] }>('/v1/ledger/calls?state=ended')).body.items?.length, (calls) => calls === 1, 20_000)
  expect(await tandem('ledger', 'checkpoint')).toMatchObject({ code: 0, out: expect.stringMatching(/^checkpoint 1: \d+ chains/) })
  expect(await tandem('ledger', 'verify')).toMatchObject({ code: 0, out: expect.stringMatching(/1 checkpoints: nothing was changed/) })
  expect(await tandem('ledger', 'rebuild')).toMatchObject({ code: 0 })
  expect((await tandem('ledger', 'key')).out).toMatch(/^-----BEGIN PUBLIC KEY-----/)
  const { out } = await tandem('ledger', 'export', 'handovers', '--format', 'jsonl')
  expect(JSON.parse(out)).toMatchObject({ state: 'completed', number: '13800001234', from: '12345', to: '110' })
  expect(await tandem('ledger', 'export', 'letters')).toMatchObject({ code: 2, out: expect.stringContaining('handovers, calls, tickets, events') })
  expect(await tandem('ledger', 'migrate', '--to', 'x')).toMatchObject({ code: 2, out: expect.stringContaining('--to is a number') })
})

it('the service recommends what a citizen’s words are about, learnt in its readers’ process', async () => {
  expect([200, 503]).toContain((await recommended()).status)
  const { body } = await eventually(recommended, ({ status }) => status === 200, 55_000)
  expect({ platform: body.platform, item: body.matters[0]?.item, mode: body.decision.mode }).toEqual({ platform: '12345', item: '路灯故障', mode: 'transfer' })
})
