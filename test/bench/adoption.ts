/* oxlint-disable no-await-in-loop -- one call at a time is what is measured */
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { partyTones } from '../../src/lab/tones.ts'
import { addCallCentre, type Channel, channelsOf, contexts, numbers } from '../support/call-centre.ts'
import { press } from '../support/given-call.ts'
import { RawAmi } from './raw-ami.ts'
import { RawAri } from './raw-ari.ts'
import { type BenchResult, printTable } from './result.ts'
import { type IncomingCall, inTime, type OutgoingCall, SipEndpoint } from './sip-endpoint.ts'
import { added, figures, ratio, seeded, shuffled } from './statistics.ts'
import { VoiceEnd } from './voice-end.ts'

/** What Tandem adds at the median; the hole that either side hears, at the 95th percentile; ms. */
const target = { added: 10, hole: 40 } as const
const warmup = 5
const agentId = '1001'
const citizen = '13800001234'
const context = 'bench-adopted'
/** How long they talk before the key, at random so that it falls anywhere between two packets; and on after it. */
const talkMs = { least: 200, most: 300, after: 400 } as const
const wayNames = ['tandem', 'redirect'] as const

/** Ms: from the key until both legs are in the bridge; the longest time that either side does not hear the other around it. */
interface Sample {
  readonly joined: number
  readonly atCaller: number
  readonly atAgent: number
}

interface Legs {
  readonly caller: Channel
  readonly agent: Channel
}

/** How a talk comes into a bridge of an application. */
interface Way {
  /** Before the key. @returns the key; it returns what tidies up when the caller has left */
  ready(legs: Legs): Promise<() => Promise<() => Promise<void>>>
}

interface Parties {
  readonly stack: Stack
  readonly ari: RawAri
  readonly ami: RawAmi
  readonly caller: SipEndpoint
  readonly agent: SipEndpoint
  readonly police: SipEndpoint
  readonly voices: Readonly<Record<'caller' | 'agent', VoiceEnd>>
}

/**
 * A talk in `Queue()` is adopted by a three-way key, in which both talk on: from sending the HTTP request until both legs
 * have entered the call's bridge. Beside it, alternating, the bare Redirect: of legs that are known beforehand, from sending
 * the AMI action until raw ARI has put both into a bridge of the same kind that is there already. Both ends are told by ARI's
 * `ChannelEnteredBridge` on a socket of the benchmark's own. The holes are those in the RTP that each phone gets.
 */
export async function adoption(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  const samples = await measure(rounds, progress)
  const of = (name: (typeof wayNames)[number]) => ({
    joined: figures(samples[name].map(({ joined }) => joined)),
    holeAtCaller: figures(samples[name].map(({ atCaller }) => atCaller)),
    holeAtAgent: figures(samples[name].map(({ atAgent }) => atAgent)),
  })
  const [tandem, redirect] = [of('tandem'), of('redirect')]
  const joined = (name: (typeof wayNames)[number]) => samples[name].map((sample) => sample.joined)
  const more = added(joined('tandem'), joined('redirect'), 0.5, seeded(1))
  printTable({
    'Tandem key → both': tandem.joined,
    'Redirect → both': redirect.joined,
    'Tandem hole, caller': tandem.holeAtCaller,
    'Tandem hole, agent': tandem.holeAtAgent,
    'Redirect hole, caller': redirect.holeAtCaller,
    'Redirect hole, agent': redirect.holeAtAgent,
  })
  process.stdout.write(`added at the median: ${more.value.toFixed(2)} ms (95 % CI ${more.ci.map((value) => value.toFixed(2)).join('–')})\n`)
  return {
    name: 'adoption',
    samples: rounds,
    measured: { ...tandem, added: more, warmup },
    reference: redirect,
    ratio: ratio(tandem.joined, redirect.joined),
    target,
    ok: more.value <= target.added && Math.max(tandem.holeAtCaller.p95, tandem.holeAtAgent.p95) <= target.hole,
  }
}

async function measure(rounds: number, progress: (line: string) => void): Promise<Record<(typeof wayNames)[number], Sample[]>> {
  const parties = await start()
  const { stack, ari, ami, caller, agent, police, voices } = parties
  const ways: Record<(typeof wayNames)[number], Way> = { tandem: tandemWay(parties), redirect: redirectWay(parties) }
  const samples: Record<(typeof wayNames)[number], Sample[]> = { tandem: [], redirect: [] }
  const random = seeded(12345)
  for (let round = -warmup; round < rounds; round++) {
    if (round % 25 === 0) progress(`round ${round} of ${rounds}`)
    for (const name of shuffled(wayNames, random)) {
      const { call, desk } = await talk(parties)
      const legs = await channelsOf(stack)
      const take = await ways[name].ready(legs)
      const [atCaller, atAgent] = [voices.caller.watch(partyTones.agent), voices.agent.watch(partyTones.caller)]
      await pause(talkMs.least + random() * (talkMs.most - talkMs.least))
      const both = Promise.all([legs.caller, legs.agent].map(({ id }) => ari.event(({ type, bridge, channel }) => type === 'ChannelEnteredBridge' && bridge?.bridge_class === 'stasis' && channel?.id === id)))
      const from = performance.now()
      const taking = take()
      await inTime(both, 'both legs in the bridge')
      const joined = performance.now() - from
      const done = await taking
      await pause(talkMs.after)
      if (round >= 0) samples[name].push({ joined, atCaller: atCaller(), atAgent: atAgent() })
      await call.hangUp()
      await done()
      await inTime(desk.ended, 'the BYE for the agent')
      for (const voice of Object.values(voices)) voice.silence()
    }
  }
  ami.close()
  await ari.close()
  await stack.stop()
  await Promise.all([caller, agent, police, ...Object.values(voices)].map((party) => party.close()))
  return samples
}

/** By the call centre's own queue; they hear each other. */
async function talk({ caller, agent, voices }: Parties): Promise<{ readonly call: OutgoingCall; readonly desk: IncomingCall }> {
  const rung = agent.nextCall()
  const calling = caller.call(numbers.queue, citizen)
  const desk = await rung
  desk.ring()
  desk.answer()
  const call = await calling
  const heard = Promise.all([voices.caller.hear(partyTones.agent), voices.agent.hear(partyTones.caller)])
  await Promise.all([voices.agent.speakTo(desk.media), voices.caller.speakTo(call.media)])
  await inTime(heard, 'the voice of the other side')
  return { call, desk }
}

async function start(): Promise<Parties> {
  const port = await freePort(undefined, 'udp')
  const stack = await startStack({ name: 'bench', policeTrunkPort: port, adoption: contexts })
  await addCallCentre(stack)
  const asterisk = { host: stack.config.asterisk.sipHost, port: stack.config.asterisk.sipPort }
  const voices = { caller: await VoiceEnd.open(partyTones.caller), agent: await VoiceEnd.open(partyTones.agent) }
  const caller = await SipEndpoint.open({ host: carrierHost, asterisk, rtpPort: voices.caller.port })
  const agent = await SipEndpoint.open({ host: '127.0.0.1', asterisk, rtpPort: voices.agent.port })
  const police = await SipEndpoint.open({ host: '127.0.0.1', port, asterisk, rtpPort: voices.agent.port })
  await agent.register(agentId, stack.config.agents.find(({ id }) => id === agentId)?.password ?? '')
  const [ari, ami] = [await RawAri.connect(stack.config.asterisk, 'bench', true), await RawAmi.connect(stack.config.asterisk)]
  await stack.asterisk.rx(`dialplan add extension s,1,Stasis,${ari.application} into ${context}`)
  return { stack, ari, ami, caller, agent, police, voices }
}

/** The agent presses the three-way key; 110 rings meanwhile. */
function tandemWay({ stack, police }: Parties): Way {
  return {
    ready: () => Promise.resolve(async () => {
      const ringing = police.nextCall()
      await press(stack, agentId, { mode: 'conference' })
      const incoming = await ringing
      incoming.ring()
      const live = async () => (await stack.api.get<{ items: readonly unknown[] }>('/v1/calls')).body.items.length
      return async () => {
        await inTime(incoming.ended, 'the CANCEL for 110')
        await eventually(live, (count) => count === 0)
      }
    }),
  }
}

function redirectWay({ ari, ami }: Parties): Way {
  let count = 0
  return {
    async ready({ caller, agent }) {
      const bridge = `/bridges/bench-${(count += 1)}`
      await ari.post(`${bridge}?type=mixing,dtmf_events`)
      return async () => {
        const joined = [caller, agent].map(async ({ id }) => {
          await ari.started(id)
          await ari.post(`${bridge}/addChannel?channel=${id}`)
        })
        ami.send({ Action: 'Redirect', Channel: caller.name, ExtraChannel: agent.name, Context: context, Exten: 's', Priority: '1' })
        await Promise.all(joined)
        return async () => {
          await ari.delete(`/channels/${agent.id}`)
          await ari.delete(bridge)
        }
      }
    },
  }
}
