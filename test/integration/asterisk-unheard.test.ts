import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AsteriskControl } from '../../src/asterisk/asterisk-control.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type AriProxy, startAriProxy } from '../support/ari-proxy.ts'
import { givenAsterisk } from '../support/given-asterisk.ts'
import { startSipPeer } from '../support/sip-peer.ts'

/** What Asterisk has done, and we did not hear of it. */
let proxy: AriProxy
let asterisk: LabAsterisk
let control: AsteriskControl
let policePort: number
const answered: string[] = []

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
    callerPressed: nothing,
    legDialled: nothing,
    legRinging: nothing,
    legAnswered: (leg) => void answered.push(leg),
    legHeld: nothing,
    legEnded: nothing,
    recordings: { started: nothing, ended: nothing },
    restored: nothing,
  })
  await control.start()
}, 60_000)
afterAll(async () => {
  control.close()
  await stopAll()
  await proxy.close()
})

it('leaves no bridge behind of which it did not hear that it was made', async () => {
  const target = await startSipPeer({ behaviour: 'answer', port: policePort })
  const bridges = () => asterisk.rx('bridge show all')
  await eventually(() => control.up, Boolean)
  await control.openBridge('unheard')
  control.dialLeg({ leg: 'leg-unheard', callId: 'unheard', endpoint: 'police', platform: '110', role: 'peer', callerNumber: '13800001234' })
  await eventually(() => answered, (legs) => legs.includes('leg-unheard'))
  proxy.deafen()
  const joined = expect(control.joinLeg('unheard', 'leg-unheard', 'consultation')).rejects.toThrow('the connection was lost')
  await eventually(bridges, (list) => list.includes('consult-unheard'))
  proxy.mend()
  await joined
  await eventually(() => control.up, Boolean)
  await control.closeBridge('unheard')
  expect(await bridges()).not.toContain('unheard')
  await target.stop()
})
