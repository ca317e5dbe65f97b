/** Records of both platforms over the whole service: calls, hand-overs and tickets, with all that belongs to them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseConfig } from '../../src/config/load.ts'
import type { Platform } from '../../src/domain/handover/handover.ts'
import { recordingName } from '../../src/domain/recording.ts'
import { recordId, type RecordRef } from '../../src/domain/sharing/need-to-know.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { LabPostgres } from '../../src/lab/postgres.ts'
import { LedgerAccess } from '../../src/ledger/access.ts'
import { DeliveryStore } from '../../src/tickets/delivery-store.ts'
import { planned } from '../../src/tickets/planner.ts'
import { type GivenHttp, givenHttp, settings, withArchiveKey } from './given-http.ts'
import { type GivenLedger, givenLedger, newDatabase } from './given-ledger.ts'
import { incident, order } from './intake.ts'
import { fileFact } from './journal-facts.ts'

export const kinds = ['own', 'foreign', 'marked', 'markedForeign'] as const
/** One of 12345's, one of 110's; and the same, need-to-know. */
export type Kind = (typeof kinds)[number]
export const platformOf: Readonly<Record<Kind, Platform>> = { own: '12345', foreign: '110', marked: '12345', markedForeign: '110' }

export interface GivenRecord {
  readonly of: RecordRef
  readonly platform: Platform
  /** What it is called by: any of these in an answer tells of it. */
  readonly ids: readonly string[]
  readonly call?: string
  readonly handover?: string
  readonly delivery?: string
  /** A hand-over that everybody may know of. */
  readonly conference?: string
}
export type Set = Readonly<Record<Kind, GivenRecord>>

export interface GivenRecords {
  readonly given: GivenHttp
  readonly ledger: GivenLedger
  /** Calls at a desk that were not handed over, each recorded; hand-overs that failed; tickets without a call. */
  readonly sets: { readonly calls: Set; readonly handovers: Set; readonly tickets: Set }
  /** As they were: these are need-to-know, and no others. */
  restore(): void
  close(): Promise<void>
}

export const agents = { '12345': ['1001', '1002', '1003', '1004', '1005'], '110': ['2001', '2002', '2003', '2004', '2005'] } as const
const stated = { reason: 'case', cause: '在办案件' } as const

export async function givenRecords(postgres: LabPostgres): Promise<GivenRecords> {
  const url = await newDatabase(postgres)
  const access = new LedgerAccess({ url, checkpointMs: 86_400_000, checkpointFile: '', keyFile: '' })
  const given = await givenHttp({ ledger: access, agents })
  const ledger = await givenLedger(postgres, { url, journal: given.journal })
  const calls = {} as Record<Kind, GivenRecord>
  const handovers = {} as Record<Kind, GivenRecord>
  const tickets = {} as Record<Kind, GivenRecord>
  for (const [at, kind] of kinds.entries()) {
    /* oxlint-disable no-await-in-loop -- one after the other */
    const platform = platformOf[kind]
    const [seat, other] = [agents[platform][at < 2 ? 0 : 1], agents[platform][at < 2 ? 2 : 3]]
    calls[kind] = await atDesk(given, seat, platform, `1390000000${at}`)
    handovers[kind] = await handedOver(given, other, platform, `1390000001${at}`)
    tickets[kind] = { ...(await pushed(given, platform)), conference: handovers.own?.handover ?? '' }
    /* oxlint-enable no-await-in-loop */
  }
  const sets = { calls, handovers, tickets }
  const restore = (): void => {
    for (const set of Object.values(sets)) {
      for (const kind of kinds) {
        const { of, platform } = set[kind]
        const by = { platform, by: 'given', at: new Date().toISOString() }
        if (kind === 'marked' || kind === 'markedForeign') given.tickets.mark(of, set === calls ? [platform] : ['12345', '110'], stated, by)
        else if (given.tickets.markings.of(recordId(of))) for (const one of ['12345', '110'] as const) given.tickets.lift(of, 'as it was', { ...by, platform: one })
      }
    }
  }
  restore()
  await ledger.caughtUp()
  return { given, ledger, sets, restore, close: async () => {
    await ledger.close()
    await access.close()
    await given.close()
  } }
}

const post = (given: GivenHttp, url: string, payload: object) => given.http.inject({ method: 'POST', url, headers: withArchiveKey, payload })

async function atDesk(given: GivenHttp, seat: string, platform: Platform, number: string): Promise<GivenRecord> {
  const { call } = given.control.talk(seat, platform, number)
  await post(given, `/v1/calls/${call}/decisions`, { mode: 'keep', responsibility: platform, nuisance: true, reason: '骚扰' })
  const file = join(given.directory, `${recordingName(call)}.wav`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'sound of the call')
  await given.journal.append([fileFact('recording-finished', { id: call, callId: call, sha256: 'a'.repeat(64) })])
  return { of: { callId: call }, platform, ids: [call], call }
}

/** The other desk was busy: the call goes on where it was, and its ticket was withdrawn. */
async function handedOver(given: GivenHttp, seat: string, platform: Platform, number: string): Promise<GivenRecord> {
  const { call } = given.control.talk(seat, platform, number)
  const from = given.control.dialled.length
  const { handover } = (await post(given, '/v1/handovers', { mode: 'transfer', agent: seat })).json<{ handover: { id: string } }>()
  for (const { endpoint } of given.control.dialled.slice(from)) given.control.busy(endpoint)
  await eventually(() => given.calls.handover(handover.id)?.state, (state) => state === 'failed')
  const delivery = await delivered(given, handover.id)
  return { of: { callId: call }, platform, ids: [call, handover.id, ...(delivery ? [delivery] : [])], call, handover: handover.id, ...(delivery ? { delivery } : {}) }
}

async function pushed(given: GivenHttp, platform: Platform): Promise<GivenRecord> {
  const { ticket } = (await post(given, '/v1/tickets', { from: platform, intake: platform === '12345' ? incident : order })).json<{ ticket: { id: string } }>()
  const delivery = await delivered(given, ticket.id)
  if (!delivery) throw new Error('no ticket system hears of a push')
  return { of: { ticketId: ticket.id }, platform, ids: [ticket.id, delivery], delivery }
}

/** As the planner would. @returns the last delivery of it */
async function delivered(given: GivenHttp, subject: string): Promise<string | undefined> {
  const { tickets, instance } = parseConfig(settings('unused.sqlite', { agents }), {})
  const deliveries = (await given.journal.read(0, 10_000)).flatMap((entry) => planned(entry, tickets.endpoints, instance, 0)).filter((one) => one.subject === subject)
  await new DeliveryStore(given.journal.tables).plan(deliveries, 0)
  return deliveries.at(-1)?.id
}
