import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { variablesOf } from '../../src/asterisk/legs.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type Stack, startStack } from '../../src/lab/stack.ts'
import type { ReceivedTicket } from '../../src/lab/ticket-receiver.ts'
import { clear, givenTalk, tones } from '../support/given-call.ts'
import { type SipPeer, startSipPeer } from '../support/sip-peer.ts'
import { RawAmi } from './raw-ami.ts'
import { RawAri } from './raw-ari.ts'
import { type BenchResult, printTable } from './result.ts'
import { added, figures, ratio, seeded, shuffled } from './statistics.ts'

const target = { addsMedian: 1, addsP99: 3 }
const warmup = 100
/** Between two presses, once everything is at rest: at random, so that no timer of anybody's falls in step with them. */
const settleMs = { least: 10, most: 30 } as const
/** A phone's tone lasts ten minutes: the call is made anew before. */
const roundsPerCall = 400
const names = ['tandem', 'ari', 'ariBare', 'ami'] as const
const dialString = 'PJSIP/110@police'

interface Way {
  /** Causes one INVITE. @returns what takes it back */
  press(): Promise<() => Promise<void>>
}

/**
 * HTTP press → INVITE on the wire, beside raw ARI (create, StasisStart, dial) and AMI Originate, alternating. Raw ARI is
 * measured twice: making the very leg that Tandem makes (its variables and headers), which is the reference, and a bare one.
 */
export async function pressToInvite(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  const port = await freePort(undefined, 'udp')
  const police = await startSipPeer({ behaviour: 'ring', port })
  const stack = await startStack({ name: 'bench', policeTrunkPort: port })
  const ari = await RawAri.connect(stack.config.asterisk)
  const ami = await RawAmi.connect(stack.config.asterisk)
  const caller = await stack.citizen({ toneHz: tones.caller })
  const agent = await stack.agent('1001', tones.agent)
  const ways: Readonly<Record<(typeof names)[number], Way>> = {
    tandem: tandemWay(stack),
    ari: ariWay(ari, true),
    ariBare: ariWay(ari, false),
    ami: amiWay(ami),
  }
  const samples: Record<(typeof names)[number], number[]> = { tandem: [], ari: [], ariBare: [], ami: [] }
  const random = seeded(12345)
  for (let round = -warmup; round < rounds; round++) {
    if ((round + warmup) % roundsPerCall === 0) {
      if (caller.state !== 'idle') await clear(stack, caller, agent)
      await givenTalk(stack, caller, agent, '1001')
      progress(`round ${Math.max(0, round)} of ${rounds}`)
    }
    for (const name of shuffled(names, random)) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is measured
      const ms = await pressed(ways[name], police)
      // oxlint-disable-next-line no-await-in-loop -- the pause between two presses
      await pause(settleMs.least + random() * (settleMs.most - settleMs.least))
      if (round >= 0) samples[name].push(ms)
    }
  }
  await clear(stack, caller, agent)
  ami.close()
  await ari.close()
  await stack.stop()
  await police.stop()

  const [tandem, reference, bare, originate] = [figures(samples.tandem), figures(samples.ari), figures(samples.ariBare), figures(samples.ami)]
  const adds = { median: added(samples.tandem, samples.ari, 0.5, random), p99: added(samples.tandem, samples.ari, 0.99, random) }
  printTable({ 'Tandem (HTTP press)': tandem, 'raw ARI, same leg': reference, 'raw ARI, bare leg': bare, 'AMI Originate': originate })
  process.stdout.write(`adds to raw ARI: median ${adds.median.value} ms (${adds.median.ci.join('–')}), p99 ${adds.p99.value} ms (${adds.p99.ci.join('–')})\n`)
  return {
    name: 'press-to-invite',
    samples: rounds,
    measured: { ...tandem, adds, warmup },
    reference: { ari: reference, ariBare: bare, ami: originate },
    ratio: { ari: ratio(tandem, reference), ariBare: ratio(tandem, bare), ami: ratio(tandem, originate) },
    target,
    ok: adds.median.value <= target.addsMedian && adds.p99.value <= target.addsP99,
  }
}

/** @returns ms from just before the order is written until the INVITE is here */
async function pressed(way: Way, police: SipPeer): Promise<number> {
  const invite = police.next('INVITE')
  const from = performance.now()
  const takeBack = await way.press()
  const { at } = await invite
  const cleared = police.next('ACK')
  await takeBack()
  await cleared
  return at - from
}

function tandemWay({ api: { address, key }, receiver }: Stack): Way {
  const agent = new Agent({ connections: 1, pipelining: 1 })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await request(`${address}${path}`, { method: 'POST', dispatcher: agent, headers, body: JSON.stringify(body) })
    const read: unknown = await answer.body.json()
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${JSON.stringify(read)}`)
    return read
  }
  return {
    async press() {
      const { handover } = (await post('/v1/handovers', { agent: '1001', mode: 'transfer' })) as { handover: Handover }
      return async () => {
        await post(`/v1/handovers/${handover.id}/cancel`, {})
        // Or the work on its tickets would fall on the press that comes next: a reference, as a rule.
        const last = ({ payload: { type, data } }: ReceivedTicket) => type === 'handover.cancelled' && data.handover.id === handover.id
        await eventually(() => receiver.tickets.slice(-10).some(last), Boolean)
      }
    },
  }
}

function ariWay(ari: RawAri, sameLeg: boolean): Way {
  let made = 0
  return {
    async press() {
      const id = `raw-${sameLeg ? 'same' : 'bare'}-${process.pid}-${(made += 1)}`
      const variables = variablesOf({ leg: id, callId: id, handoverId: id, endpoint: 'police', platform: '110', role: 'peer', callerNumber: '13800001234' })
      const started = ari.started(id)
      await ari.post(`/channels/create?channelId=${id}&endpoint=${dialString}&app=${ari.application}`, sameLeg ? { variables } : undefined)
      await started
      await ari.post(`/channels/${id}/dial?timeout=30`)
      return () => ari.delete(`/channels/${id}`)
    },
  }
}

function amiWay(ami: RawAmi): Way {
  let made = 0
  return {
    press() {
      const id = `ami-${process.pid}-${(made += 1)}`
      ami.send({ Action: 'Originate', Channel: dialString, Application: 'Wait', Data: '1', Async: 'true', ChannelId: id })
      return Promise.resolve(async () => {
        const name = `/^PJSIP/police-.*$/`
        ami.send({ Action: 'Hangup', Channel: name })
        await Promise.resolve()
      })
    },
  }
}
