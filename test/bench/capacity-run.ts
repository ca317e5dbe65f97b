import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import type { Stack } from '../../src/lab/stack.ts'
import { partyTones } from '../../src/lab/tones.ts'
import { callerOf, indexesOf, kindOf, legsOf, type Load, type Operator, type Shift } from './capacity-load.ts'
import { callersAt, type Parties, startPhones } from './capacity-parties.ts'
import { LegMedia } from './leg-media.ts'
import { badRecordings } from './load-recordings.ts'
import { busyMs, CpuMeter } from './process-cpu.ts'
import { type Sipp, startCallers } from './sipp.ts'

const sampleMs = 500
/** Looks at every leg's RTP while a call is held. */
const looksPerHold = 15
/** Calls up, of the most that were, by which a sample is one of the peak. */
const peakShare = 0.95

export type ProcessName = 'tandem' | 'asterisk' | 'callers' | 'seats' | 'police' | 'bench'
type CpuMs = Readonly<Record<ProcessName, number>>

/** What has not been as it should be, each kind by its own count: a call may be in several. */
export interface Failures {
  /** As the callers saw it: not answered, or ended by others. */
  readonly callers: number
  readonly notAnswered: number
  /** The key did not lead to its end. */
  readonly notSettled: number
  readonly legsWithoutMedia: number
  /** There is none, or not just those are heard in it who talk. */
  readonly badRecordings: number
  readonly leftOverChannels: number
}

/** 100: one core. */
export interface Peak {
  readonly calls: number
  readonly asteriskCpuPercent: number
  readonly tandemCpuPercent: number
  readonly machineCpuPercent: number
  /** Of it, what is none of the benchmark's: above a few per cent the machine is not quiet, and the figures are not to be trusted. */
  readonly othersCpuPercent: number
}

export interface RunReport {
  /** CPU time from before the first call until nothing is left, by call, ms. */
  readonly cpuMsPerCall: CpuMs
  /** While the most calls were up. */
  readonly peak: Peak
  readonly failed: Failures
  /** Of the packets due, at the worst leg's worst moment: 1 is all. */
  readonly worstLegShare: number
  readonly troubles: readonly string[]
}

interface Sample {
  readonly at: number
  readonly calls: number
  readonly cpuMs: CpuMs
  readonly busyMs: number
}

/** One load, from its first call until nothing is left of it. */
export async function runLoad(parties: Parties, operator: Operator, load: Load): Promise<RunReport> {
  const { stack } = parties
  const shift = await operator.begin(load)
  const media = new LegMedia(stack.asterisk)
  const phones = await startPhones(parties)
  const callers = await makeCalls(parties, operator, load)
  const meter = meterOf(parties, { callers, ...phones })
  const samples = await watch(callers, load, meter, media)
  const leftOverChannels = await leftOver(stack)
  const cpuMs = meter.look()
  await shift.end()
  await Promise.all(Object.values(phones).map((phone) => phone.stop()))
  return {
    cpuMsPerCall: perCall(cpuMs, load.calls),
    peak: peakOf(samples),
    failed: {
      ...unsettled(shift, load),
      callers: load.calls - callers.counts().successful,
      legsWithoutMedia: Math.max(0, legsOf(load) - media.good),
      badRecordings: (await badRecordings(join(parties.stack.dir, 'asterisk/spool'), shift, load)).length,
      leftOverChannels,
    },
    worstLegShare: rounded(media.worstShare, 3),
    troubles: shift.troubles,
  }
}

/** The citizens. */
export async function makeCalls({ stack }: Parties, operator: Operator, { calls, rate, holdMs }: Load): Promise<Sipp> {
  const { sipHost, sipPort } = stack.config.asterisk
  return startCallers({
    name: 'callers',
    dir: join(stack.dir, `callers-${operator.name}`),
    sip: { host: callersAt, port: await freePort(undefined, 'udp', callersAt) },
    mediaHost: callersAt,
    toneHz: partyTones.caller,
    asterisk: { host: sipHost, port: sipPort },
    calls: Array.from({ length: calls }, (_, index) => ({ from: callerOf(index), to: operator.numberFor(index) })),
    rate,
    holdMs,
  })
}

const meterOf = ({ stack }: Parties, { callers, seats, police }: Readonly<Record<'callers' | 'seats' | 'police', Sipp>>) =>
  new CpuMeter<ProcessName>({
    tandem: stack.service.pid,
    asterisk: stack.asterisk.process.pid,
    callers: callers.process.pid,
    seats: seats.process.pid,
    police: police.process.pid,
    bench: process.pid,
  }, ['tandem'])

/** Until the callers have made all their calls. */
async function watch(callers: Sipp, { holdMs }: Load, meter: CpuMeter<ProcessName>, media: LegMedia): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const ended = callers.process.exited.then(() => true)
  let [done, lookedAt] = [false, 0]
  while (!done) {
    samples.push({ at: performance.now(), calls: callers.counts().current, cpuMs: meter.look(), busyMs: busyMs() })
    if (performance.now() - lookedAt >= holdMs / looksPerHold) {
      lookedAt = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await media.look()
    }
    // oxlint-disable-next-line no-await-in-loop -- the pause between two samples
    done = await Promise.race([pause(sampleMs, false), ended])
  }
  return samples
}

function peakOf(samples: readonly Sample[]): Peak {
  const calls = Math.max(...samples.map((sample) => sample.calls))
  const high = samples.filter((sample) => sample.calls >= calls * peakShare)
  const [first, last] = [high[0], high.at(-1)]
  if (!first || !last) throw new Error('there were no calls')
  const percent = (ms: number) => rounded((ms / (last.at - first.at)) * 100, 1)
  return {
    calls,
    asteriskCpuPercent: percent(last.cpuMs.asterisk - first.cpuMs.asterisk),
    tandemCpuPercent: percent(last.cpuMs.tandem - first.cpuMs.tandem),
    machineCpuPercent: percent(last.busyMs - first.busyMs),
    othersCpuPercent: percent(last.busyMs - first.busyMs - (total(last.cpuMs) - total(first.cpuMs))),
  }
}

function unsettled({ answered, settled }: Shift, load: Load): Pick<Failures, 'notAnswered' | 'notSettled'> {
  const all = indexesOf(load)
  return {
    notAnswered: all.filter((index) => !answered.has(index)).length,
    notSettled: all.filter((index) => kindOf(index) !== 'answered' && !settled.has(index)).length,
  }
}

/** Channels that are there some time after the last call. */
async function leftOver({ asterisk }: Stack): Promise<number> {
  const count = async () => Number(/^(\d+) active channels?$/m.exec(await asterisk.rx('core show channels count'))?.[1])
  try {
    return await eventually(count, (channels) => channels === 0, 5_000)
  } catch {
    // They stay: counted.
    return count()
  }
}

const perCall = (cpuMs: CpuMs, calls: number): CpuMs =>
  Object.fromEntries(Object.entries(cpuMs).map(([name, ms]) => [name, rounded(ms / calls, 1)])) as Record<ProcessName, number>

const total = (cpuMs: CpuMs): number => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0)

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
