import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { parse, stringify } from 'yaml'
import type { CallSummary } from '../../src/domain/facts.ts'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { carrierHost, type Stack } from '../../src/lab/stack.ts'
import type { ReceivedTicket } from '../../src/lab/ticket-receiver.ts'
import { partyTones } from '../../src/lab/tones.ts'
import { AriTap } from './ari-tap.ts'
import type { Load } from './capacity-load.ts'
import { type Parties, startPhones } from './capacity-parties.ts'
import { makeCalls } from './capacity-run.ts'
import { busyMs, cpuMsOf } from './process-cpu.ts'
import { inTime } from './sip-endpoint.ts'
import { startCallers } from './sipp.ts'
import { seeded } from './statistics.ts'
import { tandemOperator } from './tandem-operator.ts'

const warmup = 20
/** Without a request about the call: it is as before the press. */
const quietMs = 30
/** Between two presses, once the call is as before: at random, so that no timer of anybody's falls in step with them. */
const settleMs = { least: 10, most: 30 } as const
/** Who is in the call in which the keys are pressed; no number of the load's. */
const citizen = '13900000000'
/** Its RTP's, apart from the load's. */
const citizenMediaHost = '127.0.0.5'
/** Longer than all presses together take. */
const standingMs = 3_600_000

export interface PressesUnderLoad {
  /** Each press → the last request that it causes, ms. */
  readonly idle: readonly number[]
  readonly loaded: readonly number[]
  /** Asterisk's CPU during the loaded ones; 100: one core. */
  readonly asteriskCpuPercent: number
  /** The whole machine's, others' programs included. */
  readonly machineCpuPercent: number
  /** How many requests a press causes. */
  readonly requests: number
  /** Presses that did not cause just so many before 110 rang: no samples like the others. */
  readonly odd: number
}

/** @param pressesPercent what the presses alone have Asterisk take; 100: one core */
export type LoadOf = (pressesPercent: number) => Load

/**
 * One transfer after the other in a call that stands, each taken back as 110 rings: while nothing else is going on, and then beside
 * the load, once as many calls are up as it comes to.
 */
export async function pressesUnderLoad(parties: Parties, loadOf: LoadOf, count: number, progress: (line: string) => void): Promise<PressesUnderLoad> {
  const { stack } = parties
  const { host, httpPort } = stack.config.asterisk
  const tap = await AriTap.open({ host, port: httpPort })
  await restartBehind(stack, tap.port)
  const phones = await startPhones(parties)
  const press = presser(stack, tap, await standingCall(parties))
  const measured = async () => {
    const { pid } = stack.asterisk.process
    const [asterisk, machine, from] = [cpuMsOf(pid), busyMs(), performance.now()]
    const pressed = await press(count)
    const percent = (ms: number) => Math.round((ms / (performance.now() - from)) * 100)
    return { pressed, asteriskCpuPercent: percent(cpuMsOf(pid) - asterisk), machineCpuPercent: percent(busyMs() - machine) }
  }
  progress('presses while idle')
  await press(warmup)
  const { pressed: idle, asteriskCpuPercent: pressesPercent } = await measured()
  const load = loadOf(pressesPercent)
  progress(`presses beside the load, from ${load.holdMs / 1000} s on`)
  const shift = await tandemOperator(stack).begin(load)
  const callers = await makeCalls(parties, tandemOperator(stack), load)
  await pause(load.holdMs)
  const { pressed: loaded, ...cpu } = await measured()
  await shift.end()
  await Promise.all([callers, phones.seats, phones.police].map((sipp) => sipp.stop()))
  tap.close()
  const requests = idle[0]?.requests ?? 0
  const odd = [...idle, ...loaded].filter((one) => one.requests !== requests).length
  return { idle: idle.map(({ ms }) => ms), loaded: loaded.map(({ ms }) => ms), ...cpu, requests, odd }
}

/** The service again, and what it says to Asterisk goes through the tap. */
async function restartBehind(stack: Stack, port: number): Promise<void> {
  const settings = parse(readFileSync(stack.configFile, 'utf8')) as { asterisk: { httpPort: number } }
  settings.asterisk.httpPort = port
  writeFileSync(stack.configFile, stringify(settings))
  await stack.service.stop()
  await stack.startService()
}

/** A citizen and an agent who talk on and on. */
async function standingCall({ stack }: Parties): Promise<CallSummary> {
  const { sipHost, sipPort } = stack.config.asterisk
  await startCallers({
    name: 'citizen',
    dir: join(stack.dir, 'citizen'),
    sip: { host: carrierHost, port: await freePort(undefined, 'udp', carrierHost) },
    mediaHost: citizenMediaHost,
    toneHz: partyTones.caller,
    asterisk: { host: sipHost, port: sipPort },
    calls: [{ from: citizen, to: '12345' }],
    rate: 1,
    holdMs: standingMs,
  })
  const find = async () => (await stack.api.get<{ items: CallSummary[] }>('/v1/calls')).body.items.find(({ caller }) => caller.number === citizen)
  const call = await eventually(find, (found) => found?.state === 'talking')
  if (!call) throw new Error('the standing call is not there')
  return call
}

interface Press {
  readonly ms: number
  readonly requests: number
}

function presser({ api: { address, key }, receiver }: Stack, tap: AriTap, call: CallSummary): (count: number) => Promise<readonly Press[]> {
  const agent = new Agent({ connections: 1, pipelining: 1 })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const random = seeded(12345)
  tap.follow([call.id, call.channels.caller.channelId])
  const post = async (path: string, body: object): Promise<{ handover: Handover }> => {
    const answer = await request(`${address}${path}`, { method: 'POST', dispatcher: agent, headers, body: JSON.stringify(body) })
    const read = await answer.body.json()
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${JSON.stringify(read)}`)
    return read as { handover: Handover }
  }
  const once = async (): Promise<Press> => {
    const ringing = tap.untilRinging()
    const from = performance.now()
    const { handover } = await post('/v1/handovers', { call: call.id, mode: 'transfer' })
    const at = await inTime(ringing, 'the ringing at 110')
    await post(`/v1/handovers/${handover.id}/cancel`, {})
    // Or the work on its tickets would fall on the press that comes next.
    const last = ({ payload: { type, data } }: ReceivedTicket) => type === 'handover.cancelled' && data.handover.id === handover.id
    await eventually(() => receiver.tickets.slice(-50).some(last), Boolean)
    await eventually(() => performance.now() - tap.lastAt > quietMs, Boolean)
    await pause(settleMs.least + random() * (settleMs.most - settleMs.least))
    return { ms: (at.at(-1) ?? NaN) - from, requests: at.length }
  }
  return async (count) => {
    const presses: Press[] = []
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is measured
    while (presses.length < count) presses.push(await once())
    return presses
  }
}
