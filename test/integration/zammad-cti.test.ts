import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CallFactType, CallsFact, CallSummary, HandoverFactType } from '../../src/domain/facts.ts'
import type { Handover, Platform } from '../../src/domain/handover/handover.ts'
import { type JournalFile, openJournal } from '../../src/journal/open-journal.ts'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { DeliveryStore } from '../../src/tickets/delivery-store.ts'
import { type HttpSender, httpSender } from '../../src/tickets/http-sender.ts'
import { Cti } from '../../src/tickets/zammad/cti.ts'
import { callOf, handoverOf } from '../support/journal-facts.ts'
import { startZammadDouble, type ZammadDouble } from '../support/zammad-double.ts'

const log: string[] = []
const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) })
let dir: string
let journal: JournalFile
let zammad: ZammadDouble
let sender: HttpSender
let running: Cti[] = []
let sequence = 0

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cti-'))
  journal = await openJournal({ path: join(dir, 'journal.sqlite') })
  zammad = await startZammadDouble({ tandem: 'tandem-token-0000' })
  sender = httpSender(addressGuard(['127.0.0.0/8']), 5_000)
  running = []
  log.length = 0
})
afterEach(async () => {
  await Promise.all(running.map((cti) => cti.close()))
  await sender.close()
  await zammad.close()
  await journal.close()
  rmSync(dir, { recursive: true })
})

async function follow(platform: Platform, more: { readonly freshMs?: number } = {}): Promise<Cti> {
  const store = new DeliveryStore(journal.tables)
  const cti = new Cti({ endpoint: { id: `zammad-${platform}`, platform, cti: zammad.cti }, journal, store, sender, logger, ...more })
  running.push(cti)
  cti.start()
  await vi.waitFor(async () => expect(await store.cursorOf(`cti-zammad-${platform}`)).toBeDefined())
  return cti
}

const at = () => new Date().toISOString()
const call = (type: CallFactType, id: string, more: Partial<CallSummary> = {}): CallsFact => ({ version: 2, sequence: ++sequence, at: at(), type, call: { ...callOf(id), ...more } })
const handover = (type: HandoverFactType, id: string, more: Partial<Handover> = {}): CallsFact => ({ version: 2, sequence: ++sequence, at: at(), type, call: callOf(id), handover: { ...handoverOf(`ho-${id}`, 'ringing'), callId: id, ...more } })
const happens = async (...facts: readonly CallsFact[]) => expect((await journal.append(facts)).durable).toBe(true)
const answeredAt = '2026-11-23T08:00:05.000Z'
const until = { timeout: 10_000, interval: 20 }
const logged = (id: string) => zammad.calls.get(id)

describe('Zammad’s caller log', () => {
  it('shows a call as it rings, is answered and ends, with whom', async () => {
    await follow('12345')
    await happens(call('call-arrived', 'call-1'))
    await vi.waitFor(() => expect(logged('call-1')).toEqual({ from: '+8613800000000', to: '12345', direction: 'in', state: 'newCall', comment: null, user: '' }), until)
    await happens(call('call-answered', 'call-1', { agent: '1001', answeredAt }))
    await vi.waitFor(() => expect(logged('call-1')).toMatchObject({ state: 'answer', user: '1001' }), until)
    await happens(call('call-ended', 'call-1', { answeredAt }))
    await vi.waitFor(() => expect(logged('call-1')).toMatchObject({ state: 'hangup', comment: 'normalClearing' }), until)
    expect(zammad.events.map((event) => event.get('event'))).toEqual(['newCall', 'answer', 'hangup'])
    expect(zammad.events[1]?.get('answeringNumber')).toBe('1001')
  })

  it('shows one that the agent made, and one that nobody answered', async () => {
    await follow('12345')
    await happens(call('call-made', 'call-2', { direction: 'outbound' }), call('call-arrived', 'call-3'), call('call-ended', 'call-3'), call('call-ended', 'call-2', { failure: { reason: 'no-answer' } }))
    await vi.waitFor(() => expect(logged('call-3')).toMatchObject({ state: 'hangup', comment: 'cancel' }), until)
    expect(logged('call-2')).toMatchObject({ from: '12345', to: '+8613800000000', direction: 'out', state: 'hangup', comment: 'noAnswer' })
  })

  it('shows the receiver what is handed over as it rings there, until the call ends; at the sender it goes as forwarded', async () => {
    await follow('12345')
    await follow('110')
    await happens(call('call-arrived', 'call-4'), call('call-answered', 'call-4', { agent: '1001', answeredAt }))
    await happens(handover('handover-ringing', 'call-4'), handover('handover-answered', 'call-4', { target: '2001' }), handover('handover-released', 'call-4'))
    await vi.waitFor(() => expect(logged('call-4')).toMatchObject({ state: 'hangup', comment: 'forwarded' }), until)
    expect(logged('ho-call-4')).toMatchObject({ from: '+8613800000000', to: '110', state: 'answer', user: '2001' })
    await happens(call('call-ended', 'call-4', { answeredAt }))
    await vi.waitFor(() => expect(logged('ho-call-4')).toMatchObject({ state: 'hangup', comment: 'normalClearing' }), until)
  })

  it('shows why a hand-over did not come about', async () => {
    await follow('110')
    await happens(handover('handover-ringing', 'call-5'), handover('handover-failed', 'call-5', { failure: { reason: 'busy' } }))
    await vi.waitFor(() => expect(logged('ho-call-5')).toMatchObject({ state: 'hangup', comment: 'busy' }), until)
  })

  it('knows of a call after a restart, and of none that was there before it was ever told', async () => {
    await happens(call('call-arrived', 'call-6'))
    const first = await follow('12345')
    await happens(call('call-ended', 'call-6'), call('call-arrived', 'call-7'))
    await vi.waitFor(() => expect(logged('call-7')).toBeDefined(), until)
    await first.close()
    await happens(call('call-ended', 'call-7'))
    await follow('12345')
    await vi.waitFor(() => expect(logged('call-7')).toMatchObject({ state: 'hangup' }), until)
    expect(logged('call-6')).toBeUndefined()
  })

  it('is told once it is back, of what is fresh; what has become old is left out, and what follows is not', async () => {
    await follow('12345', { freshMs: 2_500 })
    zammad.away = true
    await happens({ ...call('call-arrived', 'call-8'), at: new Date(Date.now() - 10_000).toISOString() }, call('call-arrived', 'call-9'))
    await vi.waitFor(() => expect(log.join('')).toContain('a call event was not taken'), until)
    zammad.away = false
    await vi.waitFor(() => expect(logged('call-9')).toMatchObject({ state: 'newCall' }), until)
    await happens(call('call-ended', 'call-8'), call('call-ended', 'call-9'))
    await vi.waitFor(() => expect(logged('call-9')).toMatchObject({ state: 'hangup' }), until)
    expect(logged('call-8')).toBeUndefined()
  })

  it('holds up nothing when it has the call already', async () => {
    await follow('12345')
    await happens(call('call-arrived', 'call-10'))
    await vi.waitFor(() => expect(logged('call-10')).toBeDefined(), until)
    await happens(call('call-arrived', 'call-10'), call('call-arrived', 'call-11'))
    await vi.waitFor(() => expect(logged('call-11')).toBeDefined(), until)
  })
})
