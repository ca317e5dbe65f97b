import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AriEvent, TransferAriEvent } from '../../src/asterisk/ari-events.ts'
import { AriLink } from '../../src/asterisk/ari-link.ts'
import { referring } from '../../src/asterisk/legs.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import type { DeskCall } from '../support/desk-call.ts'
import { DeskPhone } from '../support/desk-phone.ts'
import { type GivenAsterisk, givenAsterisk } from '../support/given-asterisk.ts'

/** What keys of desk phones lean on in Asterisk 22. */
let given: GivenAsterisk
let asterisk: LabAsterisk
let link: AriLink
let phone: DeskPhone
const events: AriEvent[] = []

beforeAll(async () => {
  given = await givenAsterisk({ name: 'contract-refer', referKeys: ['1001'] })
  asterisk = await given.start()
  link = new AriLink({ config: given.config.asterisk, logger: pino({ level: 'silent' }), onEvent: (event) => events.push(event), onUp: () => undefined, onDown: () => undefined })
  await link.start()
  const { sipHost: host, sipPort: port } = given.config.asterisk
  phone = await DeskPhone.open({ user: '1001', password: given.config.agents[0]?.password ?? '', asterisk: { host, port }, toneHz: 500 })
}, 60_000)
afterAll(async () => {
  await phone.close()
  link.close()
  await stopAll()
})

/** A leg to the phone, answered and in a bridge. */
async function givenLeg(channelId: string): Promise<DeskCall> {
  await link.request('channels', 'originateWithId', { channelId, endpoint: 'PJSIP/1001', context: 'tandem-leg', extension: 's', label: 'enter', timeout: 5, variables: referring })
  const call = await phone.incoming()
  call.answer()
  await eventually(() => events.some((event) => event.type === 'StasisStart' && event.channel.id === channelId), Boolean)
  await link.request('bridges', 'create', { bridgeId: `bridge-${channelId}`, type: 'mixing,dtmf_events' })
  await link.request('bridges', 'addChannel', { bridgeId: `bridge-${channelId}`, channel: channelId, absorbDTMF: true })
  return call
}
const transfers = () => events.filter((event): event is TransferAriEvent => event.type === 'ChannelTransfer')

it('keys are told, by RFC 4733 and by INFO, from a leg whose keys are kept out of its bridge', async () => {
  const call = await givenLeg('leg-keys')
  await call.press('*')
  expect(await call.info('7')).toBe(200)
  await eventually(() => events.flatMap((event) => (event.type === 'ChannelDtmfReceived' ? [event.digit] : [])), (digits) => digits.join('') === '*7')
  await call.hangUp()
})

it('a REFER is told and nothing else comes of it; progress is the phone’s NOTIFY, and comes back as events with a state', async () => {
  const call = await givenLeg('leg-refer')
  expect(await call.refer('110')).toBe(202)
  await eventually(() => transfers().length, (count) => count === 1)
  expect(transfers()[0]).toMatchObject({ refer_to: { requested_destination: { destination: '110' } }, referred_by: { source_channel: { id: 'leg-refer' } } })
  expect(transfers()[0]?.state).toBeUndefined()
  for (const [states, progress] of [['channel_progress', [100]], ['channel_answered', [100, 200]]] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await link.request('channels', 'transfer_progress', { channelId: 'leg-refer', states })
    // oxlint-disable-next-line no-await-in-loop -- the same
    await eventually(() => call.progress.join(), (told) => told === progress.join())
  }
  await eventually(() => transfers().slice(1).map(({ state }) => state), (states) => states.length === 2 && states.every(Boolean))
  expect(call.state).toBe('up')
  await call.hangUp()
})

it('with a Replaces the event has the other call’s channel, and may have a destination beside it', async () => {
  const call = await givenLeg('leg-attended')
  const line = await phone.dial('110')
  const start = await eventually(() => events.find((event) => event.type === 'StasisStart' && event.args[0] === 'desk'), (event) => event !== undefined)
  const channelId = start?.type === 'StasisStart' ? start.channel.id : ''
  await link.request('channels', 'answer', { channelId })
  await link.request('channels', 'setChannelVar', { channelId, variable: 'PJSIP_TRANSFER_HANDLING()', value: 'ari-only' })
  await eventually(() => line.state, (state) => state === 'up')
  await line.refer(call)
  const told = await eventually(() => transfers().at(-1), (event) => event?.referred_by.source_channel.id === channelId)
  expect(told?.refer_to).toMatchObject({ requested_destination: { protocol_id: call.callId, destination: expect.any(String) as string }, destination_channel: { id: 'leg-attended' } })
})

it('a REFER with Refer-Sub: false ends Asterisk: why REFER is off until it is chosen. When this fails, say so no more in the README', async () => {
  const call = await givenLeg('leg-crash')
  call.refer('110', ['Refer-Sub: false']).catch(() => undefined)
  await expect(eventually(() => asterisk.rx('core show uptime'), () => false, 5_000)).rejects.toThrow(/asterisk -rx .* failed/u)
}, 20_000)
