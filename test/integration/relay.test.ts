import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { factVersion } from '../../src/domain/facts.ts'
import { Relay } from '../../src/tickets/relay.ts'
import type { Heard } from '../../src/tickets/ticket-system.ts'
import { newId, payloadOf, pushOf } from '../support/ticket-system-contract.ts'

const secret = `whsec_${Buffer.from('between the two networks'.padEnd(32, '.')).toString('base64')}`
let dir = ''
let here: Relay
let there: Relay

const folder = (side: 'here' | 'there') => join(dir, side)
const relay = (side: 'here' | 'there', own = secret) => new Relay({ url: pathToFileURL(folder(side)).href, secrets: [own], signature: 'hmac-sha256', pollMs: 0 })

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relay-'))
  for (const side of ['here', 'there'] as const) for (const way of ['in', 'out']) mkdirSync(join(folder(side), way), { recursive: true })
  here = relay('here')
  there = relay('there')
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Carries what lies there to the other side. @returns how many files */
function courier(from: 'here' | 'there'): number {
  const [out, into] = [join(folder(from), 'out'), join(folder(from === 'here' ? 'there' : 'here'), 'in')]
  const names = readdirSync(out)
  for (const name of names) renameSync(join(out, name), join(into, name))
  return names.length
}

function message() {
  const ticket = pushOf(newId())
  return { id: `msg_${ticket.id}`, payload: payloadOf({ type: 'ticket-registered', version: factVersion, at: '2026-11-27T06:00:00.000Z', sequence: 1, platform: ticket.from, by: ticket.by, ticket }), missed: [], links: [] }
}

/** Takes what was brought. @returns ids */
async function take(side: Relay, heard: Heard = true): Promise<readonly string[]> {
  const { messages } = await side.happened()
  for (const { done } of messages) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await done?.(heard)
  }
  return messages.map(({ id }) => id)
}

it('a message is told when its receipt is back, and is read as it was sent', async () => {
  const told = message()
  await expect(here.tell(told)).rejects.toMatchObject({ code: 'no-receipt-yet', verdict: 'retry', waiting: true })
  expect(courier('here')).toBe(1)
  expect((await there.happened()).messages).toMatchObject([{ id: told.id, message: told.payload }])
  expect(await take(there)).toEqual([told.id])
  expect(await take(there)).toEqual([])
  courier('there')
  expect(await here.tell(told)).toEqual({ outcome: 'receipt', answer: '' })
  expect([...readdirSync(join(folder('here'), 'in')), ...readdirSync(join(folder('here'), 'out'))]).toEqual([])
})

it('what the courier loses is laid out again; what he brings twice is receipted twice', async () => {
  const told = message()
  await here.tell(told).catch(() => undefined)
  rmSync(join(folder('here'), 'out', `${told.id}.json`))
  await here.tell(told).catch(() => undefined)
  courier('here')
  await here.tell(told).catch(() => undefined)
  await take(there)
  rmSync(join(folder('there'), 'out', `${told.id}.receipt.json`))
  courier('here')
  expect(await take(there)).toEqual([told.id])
  courier('there')
  expect(await here.tell(told)).toMatchObject({ outcome: 'receipt' })
})

it('its receipt is looked for at each look; what the courier has taken is not laid out again at once', async () => {
  const patient = new Relay({ url: pathToFileURL(folder('here')).href, secrets: [secret], signature: 'hmac-sha256', pollMs: 10_000 })
  const told = message()
  await expect(patient.tell(told)).rejects.toMatchObject({ waiting: true, retryAfterMs: 10_000 })
  expect(courier('here')).toBe(1)
  await expect(patient.tell(told)).rejects.toMatchObject({ waiting: true })
  expect(courier('here')).toBe(0)
  await take(there)
  courier('there')
  expect(await patient.tell(told)).toMatchObject({ outcome: 'receipt' })
})

it('receipts that a courier who copies leaves go after a week', async () => {
  const [old, young] = ['msg_old.receipt.json', 'msg_young.receipt.json'].map((name) => join(folder('here'), 'out', name))
  for (const file of [old ?? '', young ?? '']) writeFileSync(file, '{}')
  utimesSync(old ?? '', new Date(), new Date(Date.now() - 8 * 86_400_000))
  await here.happened()
  expect(readdirSync(join(folder('here'), 'out'))).toEqual(['msg_young.receipt.json'])
})

it('what was refused there is given up here, with the reason', async () => {
  const told = message()
  await here.tell(told).catch(() => undefined)
  courier('here')
  await take(there, { refused: 'intake-incomplete' })
  courier('there')
  await expect(here.tell(told)).rejects.toMatchObject({ verdict: 'dead', code: 'refused-intake-incomplete', reached: true })
})

it('the receipt of another message says nothing of this one', async () => {
  const [one, other] = [message(), message()]
  await here.tell(one).catch(() => undefined)
  courier('here')
  await take(there)
  courier('there')
  renameSync(join(folder('here'), 'in', `${one.id}.receipt.json`), join(folder('here'), 'in', `${other.id}.receipt.json`))
  await expect(here.tell(other)).rejects.toMatchObject({ code: 'no-receipt-yet' })
})

it('what was changed on the way, or is not from the other one, is put aside; what is half written waits', async () => {
  const told = message()
  await here.tell(told).catch(() => undefined)
  await relay('here', `whsec_${Buffer.alloc(32, 1).toString('base64')}`).tell(message()).catch(() => undefined)
  courier('here')
  const file = join(folder('there'), 'in', `${told.id}.json`)
  const whole = readFileSync(file, 'utf8')
  writeFileSync(file, whole.slice(0, 100))
  expect(await take(there)).toEqual([])
  writeFileSync(file, whole.replace('人民路', '江海路'))
  expect(await take(there)).toEqual([])
  expect(readdirSync(join(folder('there'), 'in')).filter((name) => name.endsWith('.refused'))).toHaveLength(2)
  writeFileSync(file, whole)
  expect(await take(there)).toEqual([told.id])
})

it('a folder that cannot be written is said, and tried again', async () => {
  writeFileSync(join(dir, 'file'), '')
  const nowhere = new Relay({ url: pathToFileURL(join(dir, 'file')).href, secrets: [secret], signature: 'hmac-sha256', pollMs: 0 })
  await expect(nowhere.tell(message())).rejects.toMatchObject({ verdict: 'retry', code: expect.stringMatching(/^file-e/u) })
})
