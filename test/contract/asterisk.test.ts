import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { AriError } from '../../src/asterisk/ari-error.ts'
import type { AriEvent } from '../../src/asterisk/ari-events.ts'
import { AriLink } from '../../src/asterisk/ari-link.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type GivenAsterisk, givenAsterisk } from '../support/given-asterisk.ts'
import { type SipPeer, type SipPeerBehaviour, startSipPeer } from '../support/sip-peer.ts'

/** What the code leans on in Asterisk 22 and ari-client; a new version that differs fails here first. */
let given: GivenAsterisk
let asterisk: LabAsterisk
let link: AriLink
let port: number
let target: SipPeer | undefined
const events: AriEvent[] = []

beforeAll(async () => {
  port = await freePort(undefined, 'udp')
  given = await givenAsterisk({ name: 'contract-asterisk', policeTrunkPort: port })
  asterisk = await given.start()
  link = await connected()
}, 60_000)
afterEach(async () => {
  await target?.stop()
  target = undefined
  events.length = 0
})
afterAll(async () => {
  link.close()
  await stopAll()
})

async function connected(): Promise<AriLink> {
  const made = new AriLink({
    config: given.config.asterisk,
    logger: pino({ level: 'silent' }),
    onEvent: (event) => events.push(event),
    onUp: () => undefined,
    onDown: () => undefined,
  })
  await made.start()
  return made
}

const originate = (channelId: string, endpoint = 'PJSIP/110@police', context = 'tandem-leg') =>
  link.request('channels', 'originateWithId', { channelId, endpoint, context, extension: 's', label: 'enter', timeout: 5 })

async function refusal(request: Promise<unknown>): Promise<AriError> {
  try {
    await request
  } catch (error) {
    if (error instanceof AriError) return error
    throw error
  }
  throw new Error('it was not refused')
}

const seen = <T extends AriEvent['type']>(type: T, id: string) =>
  eventually(
    () => events.find((event): event is Extract<AriEvent, { type: T }> => event.type === type && JSON.stringify(event).includes(`"${id}"`)),
    (event) => event !== undefined,
  )

async function dialled(id: string, behaviour: SipPeerBehaviour): Promise<void> {
  target = await startSipPeer({ behaviour, port })
  await originate(id)
}

it('starts without a warning or an error from the rendered configuration', () => {
  const log = [join(given.dir, 'asterisk/log/messages.log'), join(given.dir, 'asterisk/asterisk.log')].filter((file) => existsSync(file))
  expect(log.length).toBeGreaterThan(0)
  const bad = log.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => /WARNING|ERROR/.test(line))
  expect(bad).toEqual([])
})

it('a channel that is gone cannot be added to a bridge: 400, not 404', async () => {
  await link.request('bridges', 'create', { bridgeId: 'bridge-of-nobody', type: 'mixing' })
  expect(await refusal(link.request('bridges', 'addChannel', { bridgeId: 'bridge-of-nobody', channel: 'gone' }))).toMatchObject({ status: 400 })
  await link.request('bridges', 'destroy', { bridgeId: 'bridge-of-nobody' })
})

it('sends only the events that were asked for', async () => {
  const application = (await link.request('applications', 'get', { applicationName: given.config.asterisk.application })) as { events_allowed: { type: string }[] }
  expect(application.events_allowed.map(({ type }) => type)).toEqual(expect.arrayContaining(['StasisStart', 'StasisEnd', 'Dial', 'ChannelDestroyed', 'ChannelDtmfReceived']))
  expect(application.events_allowed.map(({ type }) => type)).not.toContain('ChannelVarset')
})

it('a leg of ours has its SIP Call-ID at once, is heard before it is in the application, and enters it when it is answered', async () => {
  target = await startSipPeer({ behaviour: 'answer', port })
  expect(await originate('leg-start')).toMatchObject({ id: 'leg-start', protocol_id: expect.stringMatching(/.+/) as string })
  const start = await seen('StasisStart', 'leg-start')
  expect(start?.type === 'StasisStart' && start.args).toEqual(['leg'])
  await link.request('channels', 'hangup', { channelId: 'leg-start' })
  await seen('ChannelDestroyed', 'leg-start')
  const told = events.filter((event) => 'channel' in event && event.channel.id === 'leg-start').map(({ type }) => type)
  expect(told.toSorted()).toEqual(['ChannelDestroyed', 'StasisEnd', 'StasisStart'])
})

it('a leg that is answered while we are away waits for us', async () => {
  await originate('leg-waits')
  link.close()
  target = await startSipPeer({ behaviour: 'answer', port })
  await eventually(() => asterisk.rx('core show channels concise'), (channels) => /tandem-leg!.*!Up!(Stasis|Wait)!/.test(channels))
  link = await connected()
  expect(await seen('StasisStart', 'leg-waits')).toMatchObject({ args: ['leg'] })
  await link.request('channels', 'hangup', { channelId: 'leg-waits' })
  await seen('ChannelDestroyed', 'leg-waits')
})

it('without our dialplan a leg is refused at once, not lost when it answers', async () => {
  expect(await refusal(originate('leg-astray', undefined, 'not-there'))).toMatchObject({ status: 404, verdict: 'give-up' })
})

it('an unknown endpoint is refused at once: nobody can be rung', async () => {
  expect(await refusal(originate('leg-none', 'PJSIP/nobody'))).toMatchObject({ status: 500, verdict: 'give-up' })
})

it('what is not there answers 404, and the same id twice 409', async () => {
  expect(await refusal(link.request('channels', 'hangup', { channelId: 'none' }))).toMatchObject({ status: 404 })
  expect(await refusal(link.request('bridges', 'destroy', { bridgeId: 'none' }))).toMatchObject({ status: 404 })
  expect(await refusal(link.request('playbacks', 'stop', { playbackId: 'none' }))).toMatchObject({ status: 404 })
  await originate('leg-twice')
  expect(await refusal(originate('leg-twice'))).toMatchObject({ status: 409 })
  await link.request('channels', 'hangup', { channelId: 'leg-twice' })
})

it.each([
  [486, 17],
  [600, 17],
  [603, 21],
  [480, 19],
  [404, 1],
  [408, 18],
  [500, 38],
  [503, 34],
] as const)('a target that answers %i ends the leg with cause %i and its SIP code', async (code, cause) => {
  await dialled(`leg-${code}`, code)
  expect(await seen('ChannelDestroyed', `leg-${code}`)).toMatchObject({ cause, tech_cause: code })
})

it('ringing and early media are told by Dial', async () => {
  await dialled('leg-ring', 'ring')
  await eventually(() => events.some((event) => event.type === 'Dial' && event.dialstatus === 'RINGING'), Boolean)
  await link.request('channels', 'hangup', { channelId: 'leg-ring' })
  await seen('ChannelDestroyed', 'leg-ring')
  await target?.stop()
  await dialled('leg-early', 'early-media')
  await eventually(() => events.some((event) => event.type === 'Dial' && event.dialstatus === 'PROGRESS'), Boolean)
  await link.request('channels', 'hangup', { channelId: 'leg-early' })
  expect(await seen('ChannelDestroyed', 'leg-early')).toBeDefined()
})

it('a bridge’s recording: a name with slashes; 409 when it runs already, muting may be repeated; its end is told as the last member leaves', async () => {
  const [bridgeId, name] = ['bridge-recorded', 'tandem/2026/01/31/call-01a20eeb-7cfc-7145-8200-a737d1c85d9a']
  const record = () => link.request('bridges', 'record', { bridgeId, name, format: 'wav', ifExists: 'append' })
  target = await startSipPeer({ behaviour: 'answer', port })
  await originate('leg-recorded')
  await seen('StasisStart', 'leg-recorded')
  await link.request('bridges', 'create', { bridgeId, type: 'mixing,dtmf_events' })
  await link.request('bridges', 'addChannel', { bridgeId, channel: 'leg-recorded' })
  await record()
  await seen('RecordingStarted', name)
  expect(await refusal(record())).toMatchObject({ status: 409 })
  for (const operation of ['mute', 'mute', 'unmute', 'unmute']) await link.request('recordings', operation, { recordingName: name })
  expect(await link.request('recordings', 'getLive', { recordingName: name })).toMatchObject({ name, state: 'recording' })
  await link.request('channels', 'hangup', { channelId: 'leg-recorded' })
  await seen('RecordingFinished', name)
  expect(await refusal(link.request('recordings', 'stop', { recordingName: name }))).toMatchObject({ status: 404 })
  // By the recorder's own channel, and by the bridge.
  await eventually(() => events.filter(({ type }) => type.startsWith('Recording')).map(({ type }) => type).join(), (told) => told === 'RecordingStarted,RecordingStarted,RecordingFinished,RecordingFinished')
  await link.request('bridges', 'destroy', { bridgeId })
})

it('a recording that cannot be written: 409 where its directory is a file, and an end like any other where the file cannot be opened', async () => {
  const bridgeId = 'bridge-unwritten'
  const spool = join(given.dir, 'asterisk/spool/recording')
  mkdirSync(join(spool, 'elsewhere/call.wav'), { recursive: true })
  writeFileSync(join(spool, 'a-file'), '')
  target = await startSipPeer({ behaviour: 'answer', port })
  await originate('leg-unwritten')
  await seen('StasisStart', 'leg-unwritten')
  await link.request('bridges', 'create', { bridgeId, type: 'mixing,dtmf_events' })
  await link.request('bridges', 'addChannel', { bridgeId, channel: 'leg-unwritten' })
  const record = (name: string) => link.request('bridges', 'record', { bridgeId, name, format: 'wav', ifExists: 'append' })
  expect(await refusal(record('a-file/2026/call'))).toMatchObject({ status: 409 })
  await record('elsewhere/call')
  await seen('RecordingFinished', 'elsewhere/call')
  await link.request('channels', 'hangup', { channelId: 'leg-unwritten' })
  await seen('ChannelDestroyed', 'leg-unwritten')
  await link.request('bridges', 'destroy', { bridgeId })
})
