import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Stack } from '../../src/lab/stack.ts'
import { AmiEvents, type AmiMessage } from './ami-events.ts'
import { callerOf, indexOf, kindOf, type Load, type Operator, pressAfterMs, type Shift } from './capacity-load.ts'

/** The other desk. */
export const police = 'PJSIP/110@police'

/** The citizen dials 9 and the seat. A conference ends with its caller, as Tandem's does here. */
const extensions = `
[tandem-inbound](+)
exten => _9XXXX,1,MixMonitor(call-\${CALLERID(num):3}.wav)
 same => n,Dial(PJSIP/\${EXTEN:1},30)
 same => n,Hangup()

[bench-transfer]
exten => s,1,Dial(${police},30)
 same => n,Hangup()

[bench-conference]
exten => _1X.,1,StopMixMonitor()
 same => n,Set(CONFBRIDGE(bridge,template)=bench)
 same => n,Set(CONFBRIDGE(bridge,record_file)=conference-\${EXTEN:1}.wav)
 same => n,ConfBridge(\${EXTEN},,caller)
 same => n,Hangup()
exten => _2X.,1,Set(CONFBRIDGE(bridge,template)=bench)
 same => n,Set(CONFBRIDGE(bridge,record_file)=conference-\${EXTEN:1}.wav)
 same => n,ConfBridge(1\${EXTEN:1},,desk)
 same => n,Hangup()
`
const conference = `
[general]
[bench]
type = bridge
record_conference = yes
record_file_timestamp = no
mixing_interval = 20
[caller]
type = user
quiet = yes
marked = yes
[desk]
type = user
quiet = yes
end_marked = yes
`

/** Asterisk's own dialplan: Dial; a Redirect of the caller to Dial, which is a blind transfer; ConfBridge. All recorded. */
export async function dialplanOperator(stack: Stack, seats: readonly string[]): Promise<Operator> {
  const etc = join(stack.dir, 'asterisk/etc')
  writeFileSync(join(etc, 'confbridge.conf'), conference)
  appendFileSync(join(etc, 'extensions.conf'), extensions)
  for (const command of ['module load app_mixmonitor.so', 'module load app_confbridge.so', 'dialplan reload']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await stack.asterisk.rx(command)
  }
  return { name: 'dialplan', numberFor: (index) => `9${seats[index % seats.length]}`, begin: (load) => begin(stack, load) }
}

/** Of its files and its conference. */
const nameOf = (index: number): string => callerOf(index).slice(3)

const recordingOf = (index: number): string => `monitor/${kindOf(index) === 'conference' ? 'conference' : 'call'}-${nameOf(index)}.wav`

async function begin(stack: Stack, load: Load): Promise<Shift> {
  const [answered, settled, troubles] = [new Set<number>(), new Set<number>(), [] as string[]]
  const members = new Map<string, number>()

  const press = async (index: number, { Channel: caller = '', DestChannel: agent = '' }: AmiMessage) => {
    await pause(pressAfterMs(load))
    if (kindOf(index) === 'transfer') {
      ami.send({ Action: 'Redirect', Channel: caller, Context: 'bench-transfer', Exten: 's', Priority: '1' })
      return
    }
    const [room, to] = [nameOf(index), { Context: 'bench-conference', Priority: '1' }]
    const both = { ExtraChannel: agent, ExtraContext: to.Context, ExtraExten: `2${room}`, ExtraPriority: '1' }
    ami.send({ Action: 'Redirect', Channel: caller, Exten: `1${room}`, ...to, ...both })
    ami.send({ Action: 'Originate', Channel: police, Exten: `2${room}`, ...to, Async: 'true', Timeout: '30000' })
  }
  const take = async (message: AmiMessage) => {
    if (message['Response'] === 'Error') troubles.push(JSON.stringify(message))
    if (message['Event'] === 'DialEnd' && message['DialStatus'] === 'ANSWER') {
      const index = indexOf(message['CallerIDNum'] ?? '')
      if (index === undefined) return
      if (message['Context'] === 'bench-transfer') settled.add(index)
      else if (!answered.has(index)) {
        answered.add(index)
        if (kindOf(index) !== 'answered') await press(index, message)
      }
    }
    if (message['Event'] === 'ConfbridgeJoin') {
      const room = message['Conference'] ?? ''
      members.set(room, (members.get(room) ?? 0) + 1)
      if (members.get(room) === 3) settled.add(Number(room.slice(1)))
    }
  }
  const ami = await AmiEvents.connect(stack.config.asterisk, (message) => {
    take(message).catch((error: unknown) => troubles.push(String(error)))
  })
  return { answered, settled, troubles, recordingOf, end: () => Promise.resolve(ami.close()) }
}
