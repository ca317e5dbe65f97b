import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AsteriskControl } from '../../src/asterisk/asterisk-control.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type AriProxy, startAriProxy } from '../support/ari-proxy.ts'
import { givenAsterisk } from '../support/given-asterisk.ts'
import { type SipPeer, startSipPeer } from '../support/sip-peer.ts'

/** What Asterisk has done, and we did not hear of it. */
let proxy: AriProxy
let asterisk: LabAsterisk
let control: AsteriskControl
let policePort: number
const answered: string[] = []
let restored = 0

const nothing = () => undefined

beforeAll(async () => {
  policePort = await freePort(undefined, 'udp')
  proxy = await startAriProxy()
  const given = await givenAsterisk({ name: 'integration-unheard', policeTrunkPort: policePort })
  asterisk = await given.start()
  proxy.leadTo(given.config.asterisk.httpPort)
  control = new AsteriskControl({ ...given.config, asterisk: { ...given.config.asterisk, httpPort: proxy.port } }, pino({ level: 'silent' }), {
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
  await control.start()
}, 60_000)
afterAll(async () => {
  control.close()
  await stopAll()
  await proxy.close()
})

const bridges = () => asterisk.rx('bridge show all')
const inRoom = (callId: string) => asterisk.rx(`bridge show bridge-${callId}`)
const back = () => eventually(() => control.up, Boolean)

/** A desk's leg that has answered; the call's bridge is there. */
async function givenLeg(callId: string): Promise<{ leg: string; target: SipPeer }> {
  await back()
  const [leg, target] = [`leg-${callId}`, await startSipPeer({ behaviour: 'answer', port: policePort })]
  await control.openBridge(callId)
  control.dialLeg({ leg, callId, endpoint: 'police', platform: '110', role: 'peer', callerNumber: '13800001234' })
  await eventually(() => answered, (legs) => legs.includes(leg))
  return { leg, target }
}

it('leaves no bridge behind of which it did not hear that it was made', async () => {
  const { leg, target } = await givenLeg('unheard')
  proxy.deafen()
  const joined = control.joinLeg('unheard', leg, 'consultation')
  await eventually(bridges, (list) => list.includes('consult-unheard'))
  proxy.mend()
  await expect(joined).rejects.toThrow('the connection was lost')
  await back()
  await control.closeBridge('unheard')
  expect(await bridges()).not.toContain('unheard')
  await target.stop()
})

it('takes a leg out of its room also where the first request for it was lost on its way', async () => {
  const { leg, target } = await givenLeg('lost')
  await control.joinLeg('lost', leg, 'call')
  proxy.stall()
  const lost = control.separateLeg('lost', leg, 'ringback')
  proxy.mend()
  await expect(lost).rejects.toThrow('the connection was lost')
  await back()
  expect(await inRoom('lost')).toContain('Num-Channels: 1')
  await control.separateLeg('lost', leg, 'ringback')
  expect(await inRoom('lost')).toContain('Num-Channels: 0')
  await control.closeBridge('lost')
  await target.stop()
})

it('an Asterisk that answers requests and no ping is overloaded, not away', async () => {
  await back()
  const before = restored
  const withheld = proxy.withholdPongs()
  await eventually(withheld, (count) => count > 2, 15_000)
  expect(control.up).toBe(true)
  expect(restored).toBe(before)
  proxy.mend()
})
