/* oxlint-disable no-await-in-loop -- one call at a time is what is measured */
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { partyTones } from '../../src/lab/tones.ts'
import { callOf, press } from '../support/given-call.ts'
import { RawAri } from './raw-ari.ts'
import { type BenchResult, printTable } from './result.ts'
import { type IncomingCall, inTime, type OutgoingCall, SipEndpoint } from './sip-endpoint.ts'
import { figures, ratio, seeded, shuffled } from './statistics.ts'
import { VoiceEnd } from './voice-end.ts'

/** The 95th percentile for Tandem, each way, ms. */
const target = { p95: 60 } as const
/** Rounds before the first sample, which are not counted. */
const warmup = 5
const endpoint = 'PJSIP/110@police'
const agentId = '1001'
const citizen = '13800001234'
/** Numbers that the benchmark adds to the inbound dialplan for the two references. */
const numbers = { ari: '99001', dial: '99002' } as const
/** How long 110 rings, at random so that the answer falls anywhere between two packets. */
const ringMs = { least: 60, most: 260 } as const
const wayNames = ['tandem', 'ari', 'dial'] as const

/** Ms from the later of 110's 200 OK and the sender's first voice packet until his voice is at the other end. */
interface Sample {
  readonly toPeer: number
  readonly toCaller: number
}

/** How a caller who is up comes to talk with 110. */
interface Way {
  /** Dials, and has 110 rung once the caller is up. @returns the caller's side, and what tidies up when the caller has left */
  begin(): Promise<{ call: OutgoingCall; done: () => Promise<void> }>
}

interface Parties {
  readonly stack: Stack
  readonly ari: RawAri
  readonly caller: SipEndpoint
  readonly agent: SipEndpoint
  readonly police: SipEndpoint
  readonly voices: Readonly<Record<'caller' | 'agent' | 'peer', VoiceEnd>>
}

/** From 110's answer to its and the caller's voice at the other end: a Tandem transfer, beside raw ARI and the dialplan's Dial. */
export async function answerToAudio(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  const samples = await measure(rounds, progress)
  const of = (name: (typeof wayNames)[number]) => ({
    toPeer: figures(samples[name].map(({ toPeer }) => toPeer)),
    toCaller: figures(samples[name].map(({ toCaller }) => toCaller)),
  })
  const [tandem, ari, dial] = [of('tandem'), of('ari'), of('dial')]
  printTable({
    'Tandem caller → 110': tandem.toPeer,
    'Tandem 110 → caller': tandem.toCaller,
    'ARI caller → 110': ari.toPeer,
    'ARI 110 → caller': ari.toCaller,
    'Dial caller → 110': dial.toPeer,
    'Dial 110 → caller': dial.toCaller,
  })
  return {
    name: 'answer-to-audio',
    samples: rounds,
    measured: { ...tandem, warmup },
    reference: { ari, dial },
    ratio: { toPeer: ratio(tandem.toPeer, ari.toPeer), toCaller: ratio(tandem.toCaller, ari.toCaller) },
    target,
    ok: tandem.toPeer.p95 <= target.p95 && tandem.toCaller.p95 <= target.p95,
  }
}

async function measure(rounds: number, progress: (line: string) => void): Promise<Record<(typeof wayNames)[number], Sample[]>> {
  const parties = await start()
  const { stack, ari, caller, agent, police, voices } = parties
  const ways: Record<(typeof wayNames)[number], Way> = { tandem: tandemWay(parties), ari: ariWay(parties), dial: dialWay(parties) }
  const samples: Record<(typeof wayNames)[number], Sample[]> = { tandem: [], ari: [], dial: [] }
  const random = seeded(12345)
  for (let round = -warmup; round < rounds; round++) {
    if (round % 25 === 0) progress(`round ${round} of ${rounds}`)
    for (const name of shuffled(wayNames, random)) {
      const rung = police.nextCall()
      const beginning = ways[name].begin()
      const incoming = await rung
      incoming.ring()
      const { call, done } = await beginning
      await pause(ringMs.least + random() * (ringMs.most - ringMs.least))
      const sample = await answer(incoming, voices)
      if (round >= 0) samples[name].push(sample)
      await call.hangUp()
      await done()
      await inTime(incoming.ended, 'the BYE for 110')
      for (const voice of Object.values(voices)) voice.silence()
    }
  }
  await ari.close()
  await stack.stop()
  await Promise.all([caller, agent, police, ...Object.values(voices)].map((party) => party.close()))
  return samples
}

async function answer(incoming: IncomingCall, { caller, peer }: Parties['voices']): Promise<Sample> {
  const [atPeer, atCaller] = [peer.hear(partyTones.caller), caller.hear(partyTones.peer)]
  const answeredAt = incoming.answer()
  const spokeAt = await peer.speakTo(incoming.media)
  const [peerHeardAt, callerHeardAt] = await inTime(Promise.all([atPeer, atCaller]), 'the voice of the other side')
  return { toPeer: peerHeardAt - answeredAt, toCaller: callerHeardAt - Math.max(answeredAt, spokeAt) }
}

async function start(): Promise<Parties> {
  const port = await freePort(undefined, 'udp')
  const stack = await startStack({ name: 'bench', policeTrunkPort: port })
  const asterisk = { host: stack.config.asterisk.sipHost, port: stack.config.asterisk.sipPort }
  const voices = {
    caller: await VoiceEnd.open(partyTones.caller),
    agent: await VoiceEnd.open(partyTones.agent),
    peer: await VoiceEnd.open(partyTones.peer),
  }
  const caller = await SipEndpoint.open({ host: carrierHost, asterisk, rtpPort: voices.caller.port })
  const agent = await SipEndpoint.open({ host: '127.0.0.1', asterisk, rtpPort: voices.agent.port })
  const police = await SipEndpoint.open({ host: '127.0.0.1', port, asterisk, rtpPort: voices.peer.port })
  await agent.register(agentId, stack.config.agents.find(({ id }) => id === agentId)?.password ?? '')
  const ari = await RawAri.connect(stack.config.asterisk)
  const steps = [`${numbers.ari},1,Stasis,${ari.application}`, `${numbers.dial},1,Answer`, `${numbers.dial},2,Dial,"${endpoint},30"`]
  for (const step of steps) await stack.asterisk.rx(`dialplan add extension ${step} into tandem-inbound`)
  return { stack, ari, caller, agent, police, voices }
}

/** The agent answers, they talk, the agent presses; when 110 has answered, Tandem releases the agent. */
function tandemWay({ stack, caller, agent, voices }: Parties): Way {
  return {
    async begin() {
      const rung = agent.nextCall()
      const calling = caller.call('12345', citizen)
      const desk = await rung
      desk.ring()
      desk.answer()
      const call = await calling
      await Promise.all([voices.agent.speakTo(desk.media), voices.caller.speakTo(call.media)])
      await eventually(() => callOf(stack, agentId), ({ state }) => state === 'talking')
      await press(stack, agentId)
      const noCalls = async () => (await stack.api.get<{ items: readonly unknown[] }>('/v1/calls')).body.items.length
      const done = async () => {
        await inTime(desk.ended, 'the release of the agent')
        await eventually(noCalls, (count) => count === 0)
      }
      return { call, done }
    },
  }
}

/** The least that ARI needs, in a bridge of the same kind: the caller is in it, and the leg is added upon its answer. */
function ariWay({ ari, caller, voices }: Parties): Way {
  let count = 0
  return {
    async begin() {
      const id = `bench-leg-${(count += 1)}`
      const bridge = `/bridges/bench-${count}`
      const arriving = ari.event(({ type, channel: from }) => type === 'StasisStart' && from?.caller.number === citizen)
      const calling = caller.call(numbers.ari, citizen)
      const { channel } = await arriving
      await ari.post(`${bridge}?type=mixing,dtmf_events`)
      await ari.post(`/channels/${channel?.id}/answer`)
      await ari.post(`${bridge}/addChannel?channel=${channel?.id}`)
      const call = await calling
      await voices.caller.speakTo(call.media)
      const started = ari.started(id)
      const answered = ari.event(({ peer, dialstatus }) => peer?.id === id && dialstatus === 'ANSWER')
      const joined = answered.then(() => ari.post(`${bridge}/addChannel?channel=${id}`))
      await ari.post(`/channels/create?channelId=${id}&app=${ari.application}&endpoint=${endpoint}`)
      await started
      await ari.post(`/channels/${id}/dial?timeout=30`)
      const done = async () => {
        await joined
        await ari.delete(`/channels/${id}`)
        await ari.delete(bridge)
      }
      return { call, done }
    },
  }
}

/** Asterisk alone: what a Redirect of the caller to `Dial()` comes to, once it has been made. */
function dialWay({ caller, voices }: Parties): Way {
  return {
    async begin() {
      const call = await caller.call(numbers.dial, citizen)
      await voices.caller.speakTo(call.media)
      return { call, done: () => Promise.resolve() }
    },
  }
}
