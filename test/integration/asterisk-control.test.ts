import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AsteriskControl } from '../../src/asterisk/asterisk-control.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { freePort } from '../../src/lab/ports.ts'
import { startSipPeer } from '../support/sip-peer.ts'
import { type GivenAsterisk, givenAsterisk } from '../support/given-asterisk.ts'

let given: GivenAsterisk
let asterisk: LabAsterisk
let control: AsteriskControl
let restored = 0
let policePort: number
const answered: string[] = []

const heartbeat = async () => Number((await asterisk.rx('dialplan show globals')).match(/TANDEM_HEARTBEAT=([0-9]+)/)?.[1])
const fresh = async () => Date.now() / 1000 - (await heartbeat()) < 3

const nothing = () => undefined

beforeAll(async () => {
  policePort = await freePort(undefined, 'udp')
  given = await givenAsterisk({ name: 'integration-control', policeTrunkPort: policePort, desks: { '12345': { routes: ['police'] } } })
  control = new AsteriskControl(given.config, pino({ level: 'silent' }), {
    arrived: nothing,
    adopted: nothing,
    callerLeft: nothing,
    digitPressed: nothing,
    referred: nothing,
    lineDialled: nothing,
    lineHeld: nothing,
    lineEnded: nothing,
    legDialled: nothing,
    legRinging: nothing,
    legAnswered: (leg) => void answered.push(leg),
    legHeld: nothing,
    legEnded: nothing,
    recordings: { started: nothing, ended: nothing },
    restored: () => (restored += 1),
  })
}, 60_000)
afterAll(async () => {
  control.close()
  await stopAll()
})

it('starts while Asterisk is away, and connects when it comes', async () => {
  await control.start()
  expect(control.up).toBe(false)
  asterisk = await given.start()
  await eventually(() => control.up, Boolean)
  expect(restored).toBe(1)
  expect(await eventually(fresh, Boolean)).toBe(true)
})

it('notices a half-open connection by its pings, and is back when Asterisk is', async () => {
  asterisk.process.kill('SIGSTOP')
  await eventually(() => control.up, (up) => !up, 15_000)
  asterisk.process.kill('SIGCONT')
  await eventually(() => control.up, Boolean, 30_000)
  expect(restored).toBe(2)
})

it('a trunk that leads to both desks is dialled with the number of the one that is meant', async () => {
  const target = await startSipPeer({ behaviour: 486, port: policePort })
  const invited = () => target.received().filter(({ method }) => method === 'INVITE').map(({ headers }) => /sip:([0-9]+)@/.exec(headers['to'] ?? '')?.[1])
  control.dialLeg({ leg: 'leg-hotline', callId: 'both', endpoint: 'police', platform: '12345', role: 'agent', callerNumber: '13800001234' })
  await eventually(invited, (numbers) => numbers.length === 1)
  control.dialLeg({ leg: 'leg-police', callId: 'both', endpoint: 'police', platform: '110', role: 'peer', callerNumber: '13800001234' })
  await eventually(invited, (numbers) => numbers.length === 2)
  expect(invited()).toEqual(['12345', '110'])
  await target.stop()
})

it('a leg that cannot be joined again because Asterisk is away fails that join, and nothing else', async () => {
  const target = await startSipPeer({ behaviour: 'answer', port: policePort })
  await control.openBridge('away')
  control.dialLeg({ leg: 'leg-away', callId: 'away', endpoint: 'police', platform: '110', role: 'peer', callerNumber: '13800001234' })
  await eventually(() => answered, (legs) => legs.includes('leg-away'))
  await control.joinLeg('away', 'leg-away', 'call')
  await control.separateLeg('away', 'leg-away', 'ringback')
  await asterisk.stop()
  await eventually(() => control.up, (up) => !up)
  const unheard: unknown[] = []
  const hear = (reason: unknown) => void unheard.push(reason)
  process.on('unhandledRejection', hear)
  await expect(control.joinLeg('away', 'leg-away', 'call')).rejects.toThrow('Asterisk is away')
  await new Promise(setImmediate)
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
  await target.stop()
})

it('connects to an Asterisk that was started again', async () => {
  expect(control.up).toBe(false)
  asterisk = await given.start()
  await eventually(() => control.up, Boolean, 30_000)
  expect(await eventually(fresh, Boolean)).toBe(true)
})
