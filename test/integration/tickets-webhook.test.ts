import { afterEach, beforeEach, expect, it } from 'vitest'
import { addressGuard } from '../../src/tickets/address-guard.ts'
import { type HttpSender, httpSender } from '../../src/tickets/http-sender.ts'
import { noticeOf } from '../../src/tickets/payload.ts'
import type { Telling } from '../../src/tickets/ticket-system.ts'
import { webhook } from '../../src/tickets/webhook.ts'
import { handoverFact } from '../support/journal-facts.ts'
import { type Receiver, webhookReceiver } from '../support/webhook-receiver.ts'

let receiver: Receiver
let sender: HttpSender

beforeEach(async () => {
  receiver = await webhookReceiver()
  sender = httpSender(addressGuard(['127.0.0.0/8']), 5_000)
})
afterEach(async () => {
  await sender.close()
  await receiver.close()
})

const tell = async (): Promise<unknown> => {
  const { payload } = noticeOf(handoverFact('h1', 'handover-requested', 1)) as Pick<Telling, 'payload'>
  return webhook({ url: receiver.url, secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], signature: 'hmac-sha256' }, sender).tell({ id: 'msg_1', payload, missed: [], links: [] }, new AbortController().signal)
}

it.each(['message-replayed', 'ticket-settled'])('what another Tandem refuses with %s was heard', async (code) => {
  receiver.answer = () => ({ status: 409, body: JSON.stringify({ status: 409, code }) })
  await expect(tell()).resolves.toMatchObject({ outcome: 'http-409' })
})

it.each([JSON.stringify({ code: 'ticket-not-yours' }), 'null', 'Conflict', ''])('another conflict is given up: %s', async (body) => {
  receiver.answer = () => ({ status: 409, body })
  await expect(tell()).rejects.toMatchObject({ code: 'http-409', verdict: 'dead' })
})
