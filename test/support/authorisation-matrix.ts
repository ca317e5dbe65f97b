/**
 * What everybody is answered, by hand: not from the program's own tables.
 *
 * `-` nobody signed in; `x` forbidden; `o` the other platform's; `.` as for an id that nobody has, or left out of a list; `+` let in. Where a row is of
 * records there are four letters: one of 12345's, one of 110's, and the same need-to-know. All people are of 12345; an agent is in the first one.
 * A call that was not handed over is its desk's alone; a hand-over and a ticket are both platforms'.
 */
import type { Role } from '../../src/users/roles.ts'
import type { GivenRecord, GivenRecords } from './given-records.ts'
import { incident } from './intake.ts'

export interface Row extends Readonly<Record<Role | 'nobody', string>> {
  /** Of which records. */
  readonly of?: keyof GivenRecords['sets']
  /** The answer tells of records, or does not. */
  readonly lists?: true
  readonly payload?: (record: GivenRecord) => object
  /** Whoever comes with a key, where that is another matter. */
  readonly keys?: string
}

export const unknownId = 'call-01a20eeb-7cfc-7145-8200-a737d1c85d9a'

type Letters = readonly [nobody: string, agent: string, supervisor: string, administrator: string, auditor: string, system: string]
type More = Pick<Row, 'of' | 'lists' | 'payload' | 'keys'>

const row = ([nobody, agent, supervisor, administrator, auditor, system]: Letters, more: More = {}): Row => ({ nobody, agent, supervisor, administrator, auditor, system, ...more })
const calls = (letters: Letters, payload?: object, more: More = {}): Row => row(letters, { of: 'calls', ...(payload ? { payload: () => payload } : {}), ...more })
const handovers = (letters: Letters, payload?: object, more: More = {}): Row => row(letters, { of: 'handovers', ...(payload ? { payload: () => payload } : {}), ...more })
const tickets = (letters: Letters, payload?: object, more: More = {}): Row => row(letters, { of: 'tickets', ...(payload ? { payload: () => payload } : {}), ...more })
const list = { lists: true } as const
const by12345 = { platform: '12345' }

/** The key of a row, without what it asks for: several rows may be of one route. */
export const routeOf = (name: string): string => name.replace(/\?.*$/u, '')

export const matrix: Readonly<Record<string, Row>> = {
  //                                              nobody  agent   superv  admin   auditor system
  'GET /openapi.json': row(                      ['-',    '+',    '+',    '+',    '+',    '+']),
  'GET /docs': row(                              ['-',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/health': row(                         ['-',    '+',    '+',    '+',    '+',    '+']),
  'POST /v1/sessions': row(                      ['+',    '+',    '+',    '+',    '+',    '+'], { payload: () => ({ name: 'of-nobody', password: 'whatever it is' }) }),
  'POST /v1/inbox/:endpoint': row(               ['+',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/sessions/current': row(               ['-',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/users': row(                          ['-',    'x',    'x',    '+',    'x',    'x']),
  'PUT /v1/users/:user': row(                    ['-',    'x',    'x',    '+',    'x',    'x']),
  'DELETE /v1/users/:user': row(                 ['-',    'x',    'x',    '+',    'x',    'x']),
  'GET /v1/keys': row(                           ['-',    'x',    'x',    '+',    'x',    'x']),
  'POST /v1/keys': row(                          ['-',    'x',    'x',    '+',    'x',    'x']),
  'DELETE /v1/keys/:key': row(                   ['-',    'x',    'x',    '+',    'x',    'x']),
  'GET /v1/agents': row(                         ['-',    '+',    '+',    '+',    '+',    '+']),
  'PUT /v1/agents/:agent/state': row(            ['-',    'x',    '+',    '+',    'x',    '+'], { payload: () => ({ state: 'available' }) }),
  'POST /v1/calls': row(                         ['-',    '+',    '+',    'x',    'x',    '+']),
  'GET /v1/intake/:platform': row(               ['-',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/catalogue': row(                      ['-',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/catalogue/versions': row(             ['-',    '+',    '+',    '+',    '+',    '+']),
  'PUT /v1/catalogue/matters/:matter': row(      ['-',    'x',    '+',    '+',    'x',    'x']),
  'DELETE /v1/catalogue/matters/:matter': row(   ['-',    'x',    '+',    '+',    'x',    'x']),
  'POST /v1/catalogue/imports': row(             ['-',    'x',    '+',    '+',    'x',    'x']),
  'GET /v1/knowledge': row(                      ['-',    '+',    '+',    '+',    '+',    '+']),
  'PUT /v1/knowledge/:entry': row(               ['-',    'x',    '+',    '+',    'x',    'x']),
  'DELETE /v1/knowledge/:entry': row(            ['-',    'x',    '+',    '+',    'x',    'x']),
  'POST /v1/recommendations': row(               ['-',    '+',    '+',    '+',    '+',    '+']),
  'POST /v1/recommendations/choices': row(       ['-',    '+',    '+',    'x',    'x',    '+']),
  'GET /v1/recommendations/choices': row(        ['-',    'x',    '+',    '+',    'x',    'x']),
  'DELETE /v1/recommendations/choices': row(     ['-',    'x',    '+',    '+',    'x',    'x']),
  'POST /v1/decisions': row(                     ['-',    '+',    '+',    '+',    '+',    '+']),
  // The URL is signed: a wrong one is told so, whoever comes with it.
  'GET /v1/phones/:agent/keys/:key': row(        ['+',    '+',    '+',    '+',    '+',    '+']),
  'GET /v1/phones/:agent': row(                  ['-',    'x',    'x',    '+',    'x',    'x']),
  'POST /v1/phones/:agent/revocations': row(     ['-',    'x',    'x',    '+',    'x',    'x']),
  'POST /v1/test-calls': row(                    ['-',    'x',    '+',    '+',    'x',    '+'], { payload: () => ({ platform: '12345' }) }),
  'GET /v1/test-calls': row(                     ['-',    '+',    '+',    '+',    '+',    '+']),
  'POST /v1/deliveries/replay': row(             ['-',    'x',    '+',    '+',    'x',    '+']),
  'POST /v1/ledger/erasures': row(               ['-',    'x',    'x',    '+',    'x',    'x']),
  'GET /v1/ledger/overrides': row(               ['-',    '+',    '+',    '+',    '+',    '+']),
  'POST /v1/tickets': row(                       ['-',    '+',    '+',    'x',    'x',    '+']),

  //                                              nobody  agent   superv  admin   auditor system
  'GET /v1/calls': calls(                        ['----', '++..', '+++.', '++..', '++..', '++..'], undefined, list),
  'GET /v1/calls/:callId': calls(                ['----', '++..', '+++.', '++..', '++..', '++..']),
  'GET /v1/events': calls(                       ['----', '++..', '+++.', '++..', '++..', '++..'], undefined, list),
  'POST /v1/calls/:callId/parties': calls(       ['----', '+x..', '+++.', 'xxxx', 'xxxx', '++..'], { destination: 'nowhere' }),
  'PATCH /v1/calls/:callId/parties/:party': calls(['----', '+x..', '+++.', 'xxxx', 'xxxx', '++..'], { held: true }),
  'POST /v1/calls/:callId/parties/:party/drop': calls(['----', '+x..', '+++.', 'xxxx', 'xxxx', '++..'], { agent: '1001' }),
  'PATCH /v1/calls/:callId/recording': calls(    ['----', '+x..', '+++.', 'xxxx', 'xxxx', '++..'], { paused: true }),
  'POST /v1/calls/:callId/decisions': calls(     ['----', '+x..', '+++.', 'xxxx', 'xxxx', '++..'], { mode: 'keep', responsibility: '12345', reason: '首接' }),
  'GET /v1/calls/:callId/recordings': calls(     ['----', 'xxxx', '+++.', 'xxxx', '++..', 'xxxx']),
  'GET /v1/recordings/:recordingId/file': calls( ['----', 'xxxx', '+++.', 'xxxx', '++..', 'xxxx']),
  // A link is whoever's has it.
  'GET /v1/links/recordings/:recordingId?link': calls(['++..', '++..', '++..', '++..', '++..', '++..']),
  'GET /v1/nuisance-callers': calls(             ['----', '++..', '+++.', '++..', '++..', '++..'], undefined, list),
  'DELETE /v1/nuisance-callers/:number': row(    ['-',    'x',    '+',    '+',    'x',    'x']),
  'GET /v1/ledger/calls': calls(                 ['----', '++..', '+++.', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/events?call=:callId': calls(   ['----', '++..', '+++.', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/export?subject=calls&format=csv': calls(['----', 'xxxx', '+++.', 'xxxx', '++..', 'xxxx'], undefined, list),
  'GET /v1/ledger/export?subject=events&format=jsonl': calls(['----', 'xxxx', '+++.', 'xxxx', '++..', 'xxxx'], undefined, list),
  // Chains by the digests of their names alone.
  'GET /v1/ledger/checkpoints': calls(           ['----', '....', '....', '....', '....', '....'], undefined, list),
  'PUT /v1/need-to-know/:record': calls(         ['----', '+o..', '+o+.', 'xxxx', 'xxxx', '+o..'], { reason: 'case', cause: '在办案件', ...by12345 }),
  'POST /v1/need-to-know/:record/lift': calls(   ['----', 'xxxx', '+o+.', 'xxxx', 'xxxx', 'xxxx'], { cause: '已结案', ...by12345 }),

  //                                              nobody  agent   superv  admin   auditor system
  'GET /v1/handovers': handovers(                ['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/handovers/:handoverId': handovers(    ['----', '++..', '++++', '++..', '++..', '++..']),
  'GET /v1/links/handovers/:handoverId?signed': handovers(['++..', '++..', '++..', '++..', '++..', '++..']),
  'PATCH /v1/handovers/:handoverId': handovers(  ['----', '+x..', '++++', 'xxxx', 'xxxx', '++..'], { mode: 'transfer', consult: false }),
  'POST /v1/handovers/:handoverId/cancel': handovers(['----', '+x..', '++++', 'xxxx', 'xxxx', '++..'], {}),
  'POST /v1/handovers/:handoverId/confirm': handovers(['----', '+x..', '++++', 'xxxx', 'xxxx', '++..'], {}),
  'POST /v1/handovers/:handoverId/outcome': handovers(['----', '+x..', '++++', 'xxxx', 'xxxx', '++..'], { outcome: 'kept' }),
  'GET /v1/ledger/handovers': handovers(         ['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/events?handover=:handoverId': handovers(['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/export?subject=handovers&format=csv': handovers(['----', 'xxxx', '++++', 'xxxx', '++..', 'xxxx'], undefined, list),

  //                                              nobody  agent   superv  admin   auditor system
  'GET /v1/tickets': tickets(                    ['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/tickets?open=true': tickets(          ['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/tickets/:ticketId': tickets(          ['----', '++..', '++++', '++..', '++..', '++..']),
  'GET /v1/deliveries': tickets(                 ['----', 'xxxx', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/deliveries/:deliveryId': tickets(     ['----', 'xxxx', '++++', '++..', '++..', '++..']),
  'POST /v1/deliveries/:deliveryId/replay': tickets(['----', 'xxxx', '++++', '++..', 'xxxx', '++..']),
  'GET /v1/need-to-know': tickets(               ['----', '....', '..++', '....', '....', '....'], undefined, list),
  'GET /v1/ledger/tickets': tickets(             ['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/tickets?ticket=:ticketId': tickets(['----', '++..', '++++', '++..', '++..', '++..'], undefined, list),
  'GET /v1/ledger/export?subject=tickets&format=jsonl': tickets(['----', 'xxxx', '++++', 'xxxx', '++..', 'xxxx'], undefined, list),
  // The receiver's commands, said by the sender of the first one; then the sender's.
  'POST /v1/tickets/:ticketId/accept': tickets(  ['----', 'o+..', 'o+o+', 'xxxx', 'xxxx', 'o+..'], by12345),
  'POST /v1/tickets/:ticketId/reports': tickets( ['----', 'o+..', 'o+o+', 'xxxx', 'xxxx', 'o+..'], { ...by12345, step: 'dispatched' }),
  'POST /v1/tickets/:ticketId/return': tickets(  ['----', 'o+..', 'o+o+', 'xxxx', 'xxxx', 'o+..'], { ...by12345, cause: 'other', text: '另行处理' }),
  'POST /v1/tickets/:ticketId/resend': tickets(  ['----', '+o..', '+o+o', 'xxxx', 'xxxx', '+o..'], by12345),
  'POST /v1/tickets/:ticketId/confer': tickets(  ['----', '+o..', '+o+o', 'xxxx', 'xxxx', '+o..'], undefined, { payload: ({ conference }) => ({ ...by12345, handover: conference }) }),
  'POST /v1/tickets/:ticketId/close': tickets(   ['----', '+o..', '+o+o', 'xxxx', 'xxxx', '+o..'], by12345),
  'POST /v1/tickets/:ticketId/reopen': tickets(  ['----', '+o..', '+o+o', 'xxxx', 'xxxx', '+o..'], { ...by12345, text: '未解决' }),
  'POST /v1/tickets/:ticketId/attachments?file': tickets(['----', '++..', '++++', 'xxxx', 'xxxx', '++..'], { a: 'file' }),
  'GET /v1/tickets/:ticketId/attachments/:attachmentId': tickets(['----', '++..', '++++', '++..', '++..', '++..']),
  'GET /v1/links/attachments/:attachmentId?none': row(['+', '+', '+', '+', '+', '+']),
  'POST /v1/tickets/:ticketId/withdraw': tickets(['----', '+o..', '+o+o', 'xxxx', 'xxxx', '+o..'], { ...by12345, text: '误推' }),
  'POST /v1/tickets/:ticketId/intake': tickets(  ['----', '++..', '++++', 'xxxx', 'xxxx', '++..'], { ...by12345, intake: { callerName: incident.callerName } }),

  // Last: they change who is signed in, and where calls are.
  'POST /v1/handovers': calls(                   ['----', '+o..', '+++.', 'xxxx', 'xxxx', '++..'], undefined, { payload: ({ call }) => ({ mode: 'transfer', call }) }),
  'PUT /v1/sessions/current/password': row(      ['-',    '+',    '+',    '+',    '+',    '+'], { payload: () => ({ old: 'another long one', password: 'a long enough one' }), keys: 'x' }),
  'DELETE /v1/sessions/current': row(            ['-',    '+',    '+',    '+',    '+',    '+']),
}
