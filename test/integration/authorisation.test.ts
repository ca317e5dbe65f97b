import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { makeCheckpoint, signingKey } from '../../src/ledger/checkpoints.ts'
import { fileLink, handoverLink, linkKey } from '../../src/recordings/links.ts'
import type { Role } from '../../src/users/roles.ts'
import { withArchiveKey } from '../support/given-http.ts'
import { startLabPostgres } from '../support/given-ledger.ts'
import { type GivenRecord, type GivenRecords, givenRecords, kinds } from '../support/given-records.ts'
import { matrix, type Row, routeOf, unknownId } from '../support/authorisation-matrix.ts'

let postgres: LabPostgres
let records: GivenRecords
let people: readonly Person[]
let linkTo: (recording: string) => string
let signedLinkTo: (handover: string) => string

type Headers = Record<string, string>
interface Person {
  readonly name: string
  readonly role: Role | 'nobody'
  /** An agent has one seat, and so one call: another one for each set of records. */
  readonly headers: (set: Row['of']) => Headers
}

beforeAll(async () => {
  postgres = await startLabPostgres('authorisation')
  records = await givenRecords(postgres)
  const { ledger, given } = records
  await makeCheckpoint(ledger.database, signingKey(ledger.config.keyFile), ledger.config.checkpointFile)
  const key = await linkKey(given.journal.tables)
  linkTo = (recording) => new URL(fileLink(key, 'http://tandem', { kind: 'recording', id: recording, name: '录音' }, 1, Date.now()).url).search
  signedLinkTo = (handover) => new URL(handoverLink(key, 'http://tandem', handover, 1, Date.now())).search
  const [first, second] = [await signedIn('agent-1', { role: 'agent', agent: '1001' }), await signedIn('agent-2', { role: 'agent', agent: '1003' })]
  const roles = ['supervisor', 'administrator', 'auditor'] as const
  people = [
    { name: 'nobody', role: 'nobody', headers: () => ({}) },
    { name: 'an agent', role: 'agent', headers: (set) => (set === 'handovers' ? second : first) },
    ...(await Promise.all(roles.map(async (role) => person(`a ${role}`, role, await signedIn(role, { role, platform: '12345' }))))),
    ...(await Promise.all([...roles, 'system' as const].map(async (role) => person(`a key of a ${role}`, role, await keyOf(`key-${role}`, { role, platform: '12345' }))))),
  ]
}, 180_000)
afterAll(async () => {
  await records.close()
  await postgres.stop()
})

const person = (name: string, role: Role, headers: Headers): Person => ({ name, role, headers: () => headers })

async function signedIn(name: string, user: object): Promise<Headers> {
  const password = 'a long enough one'
  await ask('PUT', `/v1/users/${name}`, withArchiveKey, { ...user, password })
  const [cookie] = (await ask('POST', '/v1/sessions', {}, { name, password })).cookies
  return { cookie: `tandem=${cookie?.value}`, 'sec-fetch-site': 'same-origin' }
}

async function keyOf(name: string, wanted: object): Promise<Headers> {
  return { authorization: `Bearer ${(await ask('POST', '/v1/keys', withArchiveKey, { name, ...wanted })).json<{ key: string }>().key}` }
}

const ask = (method: string, url: string, headers: Headers, payload?: object) => records.given.http.inject({ method: method as 'GET', url, headers, ...(payload ? { payload } : {}) })

/** A stream is read until it says what is said last. */
async function bodyOf(method: string, url: string, headers: Headers, payload?: object): Promise<{ status: number; body: string }> {
  if (url.startsWith('/v1/events')) return streamed(url, headers)
  const { statusCode, body } = await ask(method, url, headers, payload)
  return { status: statusCode, body }
}

async function streamed(url: string, headers: Headers): Promise<{ status: number; body: string }> {
  const last = (await records.given.journal.read(0, 100_000)).findLast(({ fact }) => fact.type === 'agent-changed')?.position
  const answer = await records.given.http.inject({ url, headers: { ...headers, 'last-event-id': '0' }, payloadAsStream: true })
  let body = ''
  for await (const chunk of answer.stream()) {
    body += String(chunk)
    if (answer.statusCode !== 200 || body.includes(`id: ${last}\n`)) break
  }
  return { status: answer.statusCode, body }
}

const codeIn = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code
const mentions = (body: string, { ids }: GivenRecord): boolean => ids.some((id) => body.includes(id))
const nobody: GivenRecord = { of: { callId: unknownId }, platform: '12345', ids: [], call: unknownId, handover: unknownId, delivery: 'msg_unknown' }
const others = new Set<unknown>(['ticket-not-yours', 'marking-not-yours', 'not-your-call'])

/** One letter for what somebody is answered; see the matrix. */
async function letterOf(name: string, { of: set, payload, lists }: Row, headers: Headers, record: GivenRecord): Promise<string> {
  const asked = async (one: GivenRecord) => {
    const [method = '', path = ''] = name.split(' ')
    const url = path.replace(/:callId|:handoverId|:ticketId|:record(?!ing)|:recordingId|:deliveryId|:id/gu, (parameter) => idFor(parameter, set, one)).replace('?link', () => linkTo(one.call ?? unknownId)).replace('?signed', () => signedLinkTo(one.handover ?? unknownId)).replace('?file', '?name=a.txt&platform=12345').replace('?none', '?until=1&signature=x')
    return bodyOf(method, url, headers, payload?.({ ...one, ...(record.conference === undefined ? {} : { conference: record.conference }) }))
  }
  const { status, body } = await asked(record)
  const code = status >= 400 ? codeIn(body) : undefined
  if (code === 'unauthorized') return '-'
  if (code === 'forbidden') return 'x'
  if (lists) return mentions(body, record) ? '+' : '.'
  if (set === undefined || status !== 404) return others.has(code) ? 'o' : '+'
  const unknown = await asked(nobody)
  return unknown.status === status && unknown.body === body ? '.' : '+'
}

function idFor(parameter: string, set: Row['of'], { call, handover, delivery, ids: [id = unknownId] }: GivenRecord): string {
  if (parameter === ':deliveryId') return delivery ?? unknownId
  if (parameter === ':handoverId') return handover ?? unknownId
  return (set === 'tickets' ? id : call) ?? id
}

it('names every route', async () => {
  const { paths } = (await ask('GET', '/openapi.json', withArchiveKey)).json<{ paths: Record<string, Record<string, object>> }>()
  const routes = Object.entries(paths).flatMap(([url, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${url.replace(/\{(\w+)\}/gu, ':$1')}`))
  const named = new Set(Object.keys(matrix).map(routeOf))
  expect([...named].filter((name) => !['GET /openapi.json', 'GET /docs'].includes(name)).toSorted()).toEqual(routes.toSorted())
})

describe('every route, for every role, of one’s own, a foreign and a need-to-know record', () => {
  it.each(Object.entries(matrix))('%s', async (name, row) => {
    const answered: Record<string, string> = {}
    const wanted: Record<string, string> = {}
    for (const state of ['paused', 'available'] as const) await records.given.calls.agents.set('2005', state)
    for (const { name: who, role, headers } of people) {
      const rows = row.of ? kinds.map((kind) => records.sets[row.of ?? 'calls'][kind]) : [nobody]
      const letters = []
      // oxlint-disable-next-line no-await-in-loop -- one after the other: some change what they ask for
      for (const record of rows) letters.push(await letterOf(name, row, headers(row.of), record))
      records.restore()
      answered[who] = letters.join('')
      wanted[who] = who.startsWith('a key') ? (row.keys ?? row[role]) : row[role]
    }
    expect(answered).toEqual(wanted)
  })
})

it('who has no platform, or another role’s scopes, is cleared for nothing', async () => {
  const { sets } = records
  const uncleared = [await keyOf('of-no-platform', { role: 'supervisor' }), await keyOf('scopes', { role: 'system', platform: '12345', scopes: ['calls:read', 'tickets:read'] }), withArchiveKey]
  for (const headers of uncleared) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const seen = await Promise.all([sets.calls.marked.call, sets.calls.own.call].map((call) => ask('GET', `/v1/calls/${call}`, headers)))
    expect(seen.map(({ statusCode }) => statusCode)).toEqual([404, 200])
  }
  const past = await keyOf('past', { role: 'supervisor', platform: '12345', expiresAt: '2026-01-01T00:00:00Z' })
  expect((await ask('GET', `/v1/calls/${sets.calls.marked.call}`, past)).statusCode).toBe(401)
})
