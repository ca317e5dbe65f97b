import { type AgentFact, isAgentFact, isHandoverFact, isNeedToKnowFact, isOfCall, recordOfFact, isRecordingFact, isTestCallFact, isTicketFact, type TestCallFact, type TicketFact } from '../domain/facts.ts'
import type { NeedToKnowFact } from '../domain/service-facts.ts'
import { type RecordingRecord, runsStill } from '../domain/recording.ts'
import { isSettled, placeOf } from '../domain/ticket/ticket.ts'
import type { Entry, Journal, OpenCall } from './journal.ts'
import * as rows from './rows.ts'
import type { Tables } from './sql.ts'

type Reads = Pick<Journal, 'read' | 'factsOfHandover' | 'handovers' | 'answers' | 'agents' | 'testCalls' | 'openCalls' | 'ticket' | 'openTickets' | 'tickets' | 'recording' | 'recordingsOfCall' | 'openRecordings' | 'markings'>

/**
 * The journal as it reads: what is on disk, then what is still held in memory. `held` is taken before the disk is
 * asked, so that nothing is missed when it is written meanwhile; what comes twice is dropped by its position.
 */
export function journalReads(all: Tables['all'], held: () => readonly Entry[]): Reads {
  const select = async (statement: Parameters<typeof all>[0]) => (await all(statement)).map(rows.toEntry)
  /** Each as it stood last; those that `wanted` takes. */
  const recordings = async (statement: Parameters<typeof all>[0], wanted: (recording: RecordingRecord) => boolean) => {
    const inMemory = held()
    const last = new Map<string, RecordingRecord>()
    for (const { fact } of [...(await select(statement)), ...inMemory]) if (isRecordingFact(fact)) last.set(fact.recording.id, fact.recording)
    return [...last.values()].filter(wanted).toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
  }
  /** As `recordings`, the newest first. */
  const tickets = async (statement: Parameters<typeof all>[0], wanted: (fact: TicketFact) => boolean) => {
    const inMemory = held()
    const last = new Map<string, TicketFact>()
    for (const { fact } of [...(await select(statement)), ...inMemory]) if (isTicketFact(fact)) last.set(fact.ticket.id, fact)
    return [...last.values()].filter(wanted).toSorted((one, other) => (placeOf(one.ticket) < placeOf(other.ticket) ? 1 : -1))
  }
  return {
    ticket: async (id) => (await tickets(rows.selectTicket(id), ({ ticket }) => ticket.id === id))[0],
    openTickets: () => tickets(rows.selectOpenTickets, ({ ticket }) => !isSettled(ticket)),
    tickets: async (limit, before, except = []) => (await tickets(rows.selectTickets(limit, before, except), (fact) => (before === undefined || placeOf(fact.ticket) < before) && !except.includes(recordOfFact(fact) ?? ''))).slice(0, limit),
    async markings() {
      const inMemory = held()
      const last = new Map<string, NeedToKnowFact>()
      for (const { fact } of [...(await select(rows.selectMarkings)), ...inMemory]) if (isNeedToKnowFact(fact)) last.set(recordOfFact(fact) ?? '', fact)
      return [...last.values()].filter(({ type }) => type !== 'need-to-know-lifted')
    },
    recording: async (id) => (await recordings(rows.selectRecording(id), (recording) => recording.id === id))[0],
    recordingsOfCall: (callId) => recordings(rows.selectRecordingsOfCall(callId), (recording) => recording.callId === callId),
    openRecordings: () => recordings(rows.selectOpenRecordings, runsStill),
    async read(after, limit) {
      const inMemory = held()
      const onDisk = await select(rows.selectAfter(after, limit))
      const last = onDisk.at(-1)?.position ?? after
      return [...onDisk, ...inMemory.filter((entry) => entry.position > last)].slice(0, limit)
    },
    async factsOfHandover(handoverId) {
      const inMemory = held().filter(({ fact }) => isHandoverFact(fact) && fact.handover.id === handoverId)
      const onDisk = await select(rows.selectFactsOfHandover(handoverId))
      const known = new Set(onDisk.map((entry) => entry.position))
      return [...onDisk, ...inMemory.filter((entry) => !known.has(entry.position))]
    },
    async handovers(limit, before, except = []) {
      const inMemory = held().filter(({ fact }) => isHandoverFact(fact) && !except.includes(fact.call.id))
      const onDisk = await select(rows.selectHandovers(limit + inMemory.length, before, except))
      const newest = new Map<string, Entry>()
      for (const entry of [...onDisk, ...inMemory].toSorted((a, b) => a.position - b.position)) {
        if (isHandoverFact(entry.fact)) newest.set(entry.fact.handover.id, entry)
      }
      const page = [...newest].filter(([id]) => before === undefined || id < before)
      return page
        .toSorted(([a], [b]) => (a < b ? 1 : -1))
        .slice(0, limit)
        .map(([, entry]) => entry)
    },
    async agents() {
      const inMemory = held()
      const last = new Map<string, AgentFact>()
      for (const { fact } of [...(await select(rows.selectAgents)), ...inMemory]) if (isAgentFact(fact)) last.set(fact.agent, fact)
      return [...last.values()]
    },
    async testCalls() {
      const inMemory = held()
      const last = new Map<string, TestCallFact>()
      for (const { fact } of [...(await select(rows.selectTestCalls)), ...inMemory]) if (isTestCallFact(fact)) last.set(fact.testCall.platform, fact)
      return [...last.values()]
    },
    async openCalls() {
      const inMemory = held()
      const onDisk = (await all(rows.selectOpenCalls)).map((row) => ({ last: rows.toEntry(row).fact, handoverId: row['handover_id'] }))
      const open = new Map<string, OpenCall>()
      for (const { last, handoverId } of [...onDisk, ...inMemory.map(({ fact }) => ({ last: fact, handoverId: isHandoverFact(fact) ? fact.handover.id : null }))]) {
        if (!isOfCall(last)) continue
        const id = handoverId ?? open.get(last.call.id)?.handoverId
        if (last.type === 'call-ended') open.delete(last.call.id)
        else open.set(last.call.id, { last, ...(typeof id === 'string' ? { handoverId: id } : {}) })
      }
      return [...open.values()]
    },
    answers: async () => (await all(rows.selectAnswers(Date.now()))).map(rows.toAnswer),
  }
}
