import { type Load, legsOf } from './capacity-load.ts'
import { startParties } from './capacity-parties.ts'
import { type Failures, type RunReport, runLoad } from './capacity-run.ts'
import { dialplanOperator } from './dialplan-operator.ts'
import { type LoadOf, pressesUnderLoad } from './press-under-load.ts'
import { type BenchResult, printTable } from './result.ts'
import { figures, ratio } from './statistics.ts'
import { tandemOperator } from './tandem-operator.ts'

const target = {
  /** Of the CPU that Asterisk takes in the same run. */
  tandemCpuShare: 0.25,
  /** Beside load to idle, at the 99th percentile. */
  pressRatioP99: 2,
  /** Of any kind, that the dialplan's run did not have. */
  failuresMore: 0,
} as const
/** Asterisk's CPU beside which presses are timed; 100: one core. */
const pressedAtPercent = 60
/** Each operator's first calls are not counted. */
const warmup: Load = { calls: 12, rate: 2, holdMs: 6_000 }
/** Seats beside those that talk: who has just hung up, and the standing call's. */
const spareSeats = 20

export interface CapacityOptions extends Load {
  /** How many are timed, idle and beside the load. */
  readonly presses: number
}

/**
 * What many calls cost: answered, transferred and three-way calls, a third each, PCMA both ways, all recorded; once by Tandem,
 * once by Asterisk's own dialplan (Dial, a Redirect to Dial, ConfBridge), on the same Asterisk with the same sipp. CPU time is that of
 * `/proc/<pid>/stat`, from before the first call until nothing is left, by call. Then presses are timed: from just before the HTTP
 * request is written until the last of the requests that it causes passes the tap between Tandem and Asterisk; idle, and
 * beside calls at such a rate that Asterisk takes some 60 % of one core.
 */
export async function capacity({ presses, ...load }: CapacityOptions, progress: (line: string) => void): Promise<BenchResult> {
  const most = Math.min(load.calls, Math.ceil((load.rate * load.holdMs) / 1000)) + spareSeats
  const parties = await startParties(most, legsOf({ ...load, calls: most }))
  const { stack } = parties
  const operators = { dialplan: await dialplanOperator(stack, parties.seats), tandem: tandemOperator(stack) }
  progress('warm-up')
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const operator of Object.values(operators)) await runLoad(parties, operator, warmup)
  const run = async (name: keyof typeof operators) => {
    progress(`${name}: ${load.calls} calls, ${load.rate} a second, ${load.holdMs / 1000} s each`)
    const report = await runLoad(parties, operators[name], load)
    printRun(name, report)
    return report
  }
  const [dialplan, tandem] = [await run('dialplan'), await run('tandem')]
  const timed = await pressesUnderLoad(parties, besideLoad(load, tandem, presses), presses, progress)
  await stack.stop()

  const [idle, loaded] = [figures(timed.idle), figures(timed.loaded)]
  printTable({ 'press, idle': idle, 'press, beside calls': loaded })
  const { asteriskCpuPercent, machineCpuPercent, requests, odd } = timed
  const cpuShare = rounded(tandem.cpuMsPerCall.tandem / tandem.cpuMsPerCall.asterisk)
  const pressRatio = ratio(loaded, idle)
  return {
    name: 'capacity',
    samples: load.calls,
    measured: { ...tandem, press: { samples: presses, ...loaded, asteriskCpuPercent, machineCpuPercent, requests, odd } },
    reference: { dialplan, press: { samples: presses, ...idle } },
    ratio: { tandemCpu: cpuShare, asteriskCpu: rounded(tandem.cpuMsPerCall.asterisk / dialplan.cpuMsPerCall.asterisk), press: pressRatio },
    target,
    ok: cpuShare <= target.tandemCpuShare && pressRatio.p99 <= target.pressRatioP99 && odd === 0 && !worse(tandem.failed, dialplan.failed),
  }
}

/** So many calls a second that they and the presses have Asterisk take what it should, for as long as the presses last. */
const besideLoad = ({ rate, holdMs }: Load, { cpuMsPerCall }: RunReport, presses: number): LoadOf => (pressesPercent) => {
  const msASecond = Math.max(0, pressedAtPercent - pressesPercent) * 10
  const slower = Math.max(0.1, Math.min(rate, Math.floor((msASecond * 100) / cpuMsPerCall.asterisk) / 100))
  const seconds = holdMs / 1000 + presses
  return { rate: slower, holdMs, calls: Math.ceil(slower * seconds) }
}

const worse = (measured: Failures, reference: Failures): boolean =>
  (Object.keys(measured) as (keyof Failures)[]).some((kind) => measured[kind] > reference[kind] + target.failuresMore)

const list = (values: object): string => Object.entries(values).map(([what, value]) => `${what} ${value}`).join(', ')

function printRun(name: string, { cpuMsPerCall, peak, failed, troubles }: RunReport): void {
  process.stdout.write(`\n${name}\n  CPU ms a call: ${list(cpuMsPerCall)}\n  peak: ${list(peak)}\n  failed: ${list(failed)}\n`)
  for (const trouble of troubles) process.stdout.write(`  ${trouble}\n`)
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000
