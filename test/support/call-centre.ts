import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { AmiLink } from '../../src/asterisk/ami-link.ts'
import { eventually } from '../../src/lab/eventually.ts'
import type { Phone } from '../../src/lab/phone.ts'
import type { Stack } from '../../src/lab/stack.ts'

/** What citizens dial to reach agent 1001 by the call centre's own means, without Tandem. */
export const numbers = {
  /** `Queue()` with the phone as its member. */
  queue: '600',
  /** As FreePBX makes them: the member is a Local channel, which is not optimised away, and dials the phone. */
  localQueue: '601',
  dial: '602',
  /** `Dial()` in a context that nobody has chosen. */
  notChosen: '603',
} as const

/** Contexts of the numbers but the last. */
export const contexts = ['ext-queues', 'from-trunk-direct'] as const

const files: Readonly<Record<string, string>> = {
  'queues.conf': `[general]
[phones]
strategy = ringall
member => PJSIP/1001
[locals]
strategy = ringall
member => Local/1001@from-queue/n
`,
  'extensions.conf': `[general]
static = yes
writeprotect = yes
#include extensions_custom.conf
[tandem-inbound](+)
exten => ${numbers.queue},1,Goto(ext-queues,${numbers.queue},1)
exten => ${numbers.localQueue},1,Goto(ext-queues,${numbers.localQueue},1)
exten => ${numbers.dial},1,Goto(from-trunk-direct,${numbers.dial},1)
exten => ${numbers.notChosen},1,Goto(not-chosen,${numbers.notChosen},1)
[ext-queues]
exten => ${numbers.queue},1,Answer()
 same => n,Queue(phones,,,,30)
exten => ${numbers.localQueue},1,Answer()
 same => n,Set(FROM_DID=12345)
 same => n,Queue(locals,,,,30)
[from-queue]
exten => 1001,1,Dial(PJSIP/1001,30)
[from-trunk-direct]
exten => ${numbers.dial},1,Dial(PJSIP/1001,30)
[not-chosen]
exten => ${numbers.notChosen},1,Dial(PJSIP/1001,30)
[late-agent]
exten => _X,1,Wait(\${EXTEN})
 same => n,Goto(tandem-adopted,agent,1)
[late-caller]
exten => _X,1,Wait(\${EXTEN})
 same => n,Goto(tandem-adopted,caller,1)
`,
}

/** Gives the stack's Asterisk a call centre of its own, with Tandem's dialplans as FreePBX includes them. */
export async function addCallCentre(stack: Stack): Promise<void> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(stack.dir, 'asterisk/etc', name), text, { mode: 0o600 })
  await stack.asterisk.rx('dialplan reload')
  await stack.asterisk.rx('module load app_queue.so')
}

/** The citizen dials the call centre, and its agent answers. */
export async function givenOwnTalk(caller: Phone, agent: Phone, number: string): Promise<void> {
  await caller.dial(number)
  await agent.waitFor('incoming')
  await agent.answer()
  await caller.waitFor('established')
  await agent.waitFor('established')
}

export interface Channel {
  readonly name: string
  readonly id: string
}

/** The citizen's channel and the agent's. */
export async function channelsOf({ asterisk }: Stack): Promise<{ readonly caller: Channel; readonly agent: Channel }> {
  const lines = (await asterisk.rx('core show channels concise')).split('\n').map((line) => line.split('!'))
  const find = (endpoint: string): Channel => {
    const fields = lines.find(([name]) => name?.startsWith(`PJSIP/${endpoint}-`))
    if (!fields) throw new Error(`${endpoint} has no channel`)
    return { name: fields[0] ?? '', id: fields.at(-1) ?? '' }
  }
  return { caller: find('carrier'), agent: find('1001') }
}

/**
 * The Redirect that the service makes, made by somebody else: whatever the service does meanwhile.
 * @param agentTo where the agent's leg goes: `tandem-adopted`, or there so many seconds late; or nowhere; or it is not there
 * @param callerLate by how many seconds the caller's leg comes late
 * @returns the call's id
 */
export async function redirectByHand(stack: Stack, agentTo: 'at once' | 'nowhere' | 'gone' | 1 | 6 = 'at once', callerLate?: 1): Promise<string> {
  const ami = new AmiLink(stack.config.asterisk, pino({ level: 'silent' }))
  ami.start()
  await eventually(() => ami.up, Boolean)
  const { caller, agent } = await channelsOf(stack)
  const callId = `call-${randomUUID()}`
  const variables = [[caller, agent], [agent, caller]].flatMap(([leg, mate]) =>
    Object.entries({ TANDEM_CALL_ID: callId, TANDEM_MATE: mate?.name ?? '', TANDEM_ADOPTION: [callId, '12345', '1001', mate?.id].join(','), TANDEM_DIALLED: '600', TANDEM_PLATFORM: '12345' }).map(
      ([Variable, Value]) => ({ Action: 'Setvar', Channel: leg?.name ?? '', Variable, Value }),
    ),
  )
  const extra = { ExtraChannel: agentTo === 'gone' ? 'PJSIP/1001-ffffffff' : agent.name, ExtraPriority: '1', ...(typeof agentTo === 'number' ? { ExtraContext: 'late-agent', ExtraExten: String(agentTo) } : { ExtraContext: 'tandem-adopted', ExtraExten: 'agent' }) }
  const way = callerLate ? { Context: 'late-caller', Exten: String(callerLate) } : { Context: 'tandem-adopted', Exten: 'caller' }
  const done = ami.request(...variables, { Action: 'Redirect', Channel: caller.name, ...way, Priority: '1', ...(agentTo === 'nowhere' ? {} : extra) })
  await done.finally(() => ami.close())
  return callId
}
