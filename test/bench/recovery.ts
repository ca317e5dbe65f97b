import { setTimeout as pause } from 'node:timers/promises'
import type { CallSummary, RepairFact } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { expectEmptyAsterisk } from '../support/given-call.ts'
import { openEvents } from '../support/sse-client.ts'
import { VoiceEnd } from './voice-end.ts'
import { type BenchResult, printTable } from './result.ts'
import { type IncomingCall, type OutgoingCall, SipEndpoint } from './sip-endpoint.ts'
import { figures, ratio } from './statistics.ts'

const target = { p99: 1_000, lost: 0, leaked: 0, unreported: 0 }
const seats = Array.from({ length: 60 }, (_, i) => String(1001 + i))

/** Fifty calls, in states that each need something else. */
const mixed = { talking: 14, inviting: 10, consulting: 8, conferring: 12, ringing: 6 } as const
type Kind = keyof typeof mixed

interface Live {
  readonly kind: Kind
  readonly id: string
  readonly calling: Promise<OutgoingCall>
  readonly desk: IncomingCall
  readonly peer?: IncomingCall
  readonly handover?: string
}

interface Parties {
  readonly stack: Stack
  readonly caller: SipEndpoint
  readonly agents: SipEndpoint
  readonly police: SipEndpoint
}

/**
 * `kill -9` with fifty live calls; while the service is away five callers hang up and five ringing desks answer. From the
 * start of the new process until it says that it has every call in its hands, beside the start of the same service without
 * any call, alternating; then each call is asked to do something, and everything is hung up.
 */
export async function recovery(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  const parties = await start()
  const { stack } = parties
  const samples: Record<'calls' | 'none', number[]> = { calls: [], none: [] }
  const found = { lost: 0, leaked: 0, unreported: 0 }
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round} of ${rounds}`)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured
    samples.none.push(await restart(stack, () => Promise.resolve()))
    // oxlint-disable-next-line no-await-in-loop
    samples.calls.push(await oneRound(parties, found))
  }
  await stack.stop()
  await Promise.all([parties.caller, parties.agents, parties.police].map((party) => party.close()))
  const [measured, reference] = [figures(samples.calls), figures(samples.none)]
  printTable({ 'fifty calls in control': measured, 'start without calls': reference })
  process.stdout.write(`lost ${found.lost}, leaked ${found.leaked}, repairs not reported ${found.unreported}\n`)
  return {
    name: 'recovery',
    samples: rounds,
    measured: { ...measured, ...found },
    reference,
    ratio: ratio(measured, reference),
    target,
    ok: measured.p99 <= target.p99 && found.lost + found.leaked + found.unreported === 0,
  }
}

async function start(): Promise<Parties> {
  const port = await freePort(undefined, 'udp')
  const stack = await startStack({
    name: 'bench',
    policeTrunkPort: port,
    rtpPorts: 600,
    seats: { '12345': seats },
    desks: { '12345': { strategy: 'longest-idle' } },
    calls: { ringMs: 120_000, seatMs: 120_000 },
  })
  const asterisk = { host: stack.config.asterisk.sipHost, port: stack.config.asterisk.sipPort }
  const voice = await VoiceEnd.open(440)
  const open = (host: string, more: object = {}) => SipEndpoint.open({ host, asterisk, rtpPort: voice.port, ...more })
  const [caller, agents, police] = [await open(carrierHost), await open('127.0.0.1'), await open('127.0.0.1', { port })]
  for (const { id, password } of stack.config.agents) {
    // oxlint-disable-next-line no-await-in-loop -- one transaction at a time
    await agents.register(id, password)
  }
  return { stack, caller, agents, police }
}

/** @returns ms from the start of the process until it has every call */
async function restart(stack: Stack, meanwhile: () => Promise<unknown>): Promise<number> {
  const { api, service } = stack
  service.kill('SIGKILL')
  await service.exited
  await meanwhile()
  const from = performance.now()
  const started = stack.startService()
  const inControl = async (): Promise<boolean> => {
    try {
      return (await api.get<{ ok: boolean }>('/v1/health')).body.ok
    } catch {
      // It does not listen yet.
      return false
    }
  }
  // oxlint-disable-next-line no-await-in-loop -- one question after the other
  while (!(await inControl())) await pause(10)
  const ms = performance.now() - from
  await started
  return ms
}

async function oneRound(parties: Parties, found: { lost: number; leaked: number; unreported: number }): Promise<number> {
  const { stack } = parties
  const lives: Live[] = []
  for (const kind of Object.keys(mixed) as Kind[]) {
    // oxlint-disable-next-line no-await-in-loop -- an endpoint has one next call
    for (let n = 0; n < mixed[kind]; n++) lives.push(await makeCall(kind, parties))
  }
  await eventually(() => statesOf(stack), (now) => lives.every(({ id, kind }) => now.get(id) === kind))
  const leaving = lives.filter(({ kind }) => kind === 'talking').slice(0, 5)
  const answering = lives.filter(({ kind }) => kind === 'inviting').slice(0, 5)
  const ms = await restart(stack, async () => {
    await Promise.all(leaving.map(async ({ calling }) => (await calling).hangUp()))
    for (const { peer } of answering) peer?.answer()
  })
  const staying = lives.filter((live) => !leaving.includes(live))
  const here = await statesOf(stack)
  found.lost += staying.filter(({ id }) => !here.has(id)).length
  found.lost += (await Promise.all(staying.map((live) => obeys(stack, live, answering.includes(live))))).filter((done) => !done).length
  const repaired = (repair: RepairFact['repair'], of: readonly Live[]) => of.map(({ id }) => `${id} ${repair}`)
  found.unreported += await untold(stack, [...repaired('control-restored', lives), ...repaired('caller-left', leaving)])
  // Whoever is in no call any more says so.
  await Promise.all(staying.flatMap(({ calling, desk, peer }) => [calling, desk, peer].map(async (party) => (await party)?.hangUp())))
  found.leaked += await leftOver(stack)
  return ms
}

async function makeCall(kind: Kind, { stack: { api }, caller, agents, police }: Parties): Promise<Live> {
  const before = new Set((await api.get<{ items: CallSummary[] }>('/v1/calls')).body.items.map(({ id }) => id))
  const rung = agents.nextCall()
  const calling = caller.call('12345', '13800001234')
  const desk = await rung
  desk.ring()
  if (kind !== 'ringing') desk.answer()
  const isNew = (found: CallSummary | undefined) => found?.state === (kind === 'ringing' ? 'ringing' : 'talking')
  const call = await eventually(async () => (await api.get<{ items: CallSummary[] }>('/v1/calls')).body.items.find(({ id }) => !before.has(id)), isNew)
  const live = { kind, id: call?.id ?? '', desk, calling }
  if (kind === 'talking' || kind === 'ringing') return live
  const asked = police.nextCall()
  const how = { inviting: { mode: 'transfer' }, consulting: { mode: 'conference', consult: true }, conferring: { mode: 'conference' } }[kind]
  const { body } = await api.post<{ handover: { id: string } }>('/v1/handovers', { call: live.id, ...how })
  const peer = await asked
  peer.ring()
  if (kind !== 'inviting') peer.answer()
  return { ...live, peer, handover: body.handover.id }
}

async function statesOf({ api }: Stack): Promise<ReadonlyMap<string, string>> {
  const { body } = await api.get<{ items: CallSummary[] }>('/v1/calls')
  return new Map(body.items.map(({ id, state }) => [id, state]))
}

/** The call does what its state allows. @param answered its other desk has answered while the service was away */
async function obeys(stack: Stack, { kind, id, handover = '', desk }: Live, answered: boolean): Promise<boolean> {
  const { api } = stack
  const path = `/v1/handovers/${handover}`
  switch (kind) {
    case 'ringing':
      desk.answer()
      return (await eventually(() => statesOf(stack), (now) => now.get(id) === 'talking')).has(id)
    case 'talking':
      return (await api.post('/v1/handovers', { call: id, mode: 'conference' })).status === 201
    case 'inviting':
      if (!answered) return (await api.post(`${path}/cancel`, {})).status === 200
      await eventually(() => api.get<{ handover: { state: string } }>(path), ({ body }) => body.handover.state === 'completed')
      return true
    case 'consulting':
      return (await api.patch(path, { mode: 'conference', consult: false })).status === 200
    case 'conferring':
      return (await api.post(`${path}/outcome`, { outcome: 'taken' })).status === 200
  }
}

/** @param expected `<call> <repair>` @returns how many of them no event tells within some seconds */
async function untold({ api }: Stack, expected: readonly string[]): Promise<number> {
  const missing = new Set(expected)
  const reader = await openEvents(`${api.address}/v1/events`, { authorization: `Bearer ${api.key}`, 'last-event-id': '0' })
  const late = pause(5_000).then(() => reader.leave())
  for (let next = 0; missing.size > 0; next += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one event after the other
    const events = await Promise.race([reader.readTo(next + 1), late])
    const told = events?.[next]
    if (!told) break
    if (told.event === 'call-repaired') missing.delete(`${told.data.call.id} ${(told.data as RepairFact).repair}`)
  }
  reader.leave()
  return missing.size
}

/** @returns 1 when Asterisk does not become empty */
async function leftOver(stack: Stack): Promise<number> {
  try {
    await expectEmptyAsterisk(stack)
    return 0
  } catch {
    // It is counted, and the benchmark goes on.
    return 1
  }
}
