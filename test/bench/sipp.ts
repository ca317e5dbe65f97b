/** sipp (https://sipp.readthedocs.io): callers and phones by the hundred, with RTP. */
import { randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RootProcess, startInRoot } from '../../src/lab/process.ts'
import { sine } from '../../src/lab/wav.ts'
import { alaw } from '../support/rtp-tone.ts'
import type { Address } from '../support/sip-request.ts'

export interface SippOptions {
  readonly name: string
  /** Below `.runtime`; made. */
  readonly dir: string
  /** A file of `test/bench/sipp`. */
  readonly scenario: 'caller' | 'desk'
  readonly sip: Address
  /** An address for its RTP alone, so that no port of it is another's. */
  readonly mediaHost: string
  /** What it says without end, whole Hz. */
  readonly toneHz: number
  readonly args?: readonly string[]
}

/** Calls so far: up now, gone as the scenario says, and not so. */
export interface SippCounts {
  readonly current: number
  readonly successful: number
  readonly failed: number
}

export interface Sipp {
  readonly process: RootProcess
  counts(): SippCounts
  stop(): Promise<void>
}

export interface CallerOptions extends Omit<SippOptions, 'scenario' | 'args'> {
  readonly asterisk: Address
  /** One a call, in their order. */
  readonly calls: readonly { readonly from: string; readonly to: string }[]
  /** Calls a second. */
  readonly rate: number
  /** Whole seconds. */
  readonly holdMs: number
}

/** Makes the calls and ends. */
export function startCallers({ asterisk, calls, rate, holdMs, ...options }: CallerOptions): Promise<Sipp> {
  mkdirSync(options.dir, { recursive: true })
  writeFileSync(join(options.dir, 'calls.csv'), ['SEQUENTIAL', ...calls.map(({ from, to }) => `${from};${to};`)].join('\n'))
  // Whole calls in a period that sipp can count: a rate of 0.55 is 55 in 100 s.
  const pace = ['-r', String(Math.round(rate * 100)), '-rp', '100000', '-m', String(calls.length), '-set', 'hold', String(holdMs / 1000), '-l', String(calls.length)]
  const args = [`${asterisk.host}:${asterisk.port}`, '-inf', 'calls.csv', ...pace]
  return startSipp({ ...options, scenario: 'caller', args })
}

export async function startSipp({ name, dir, scenario, sip, mediaHost, toneHz, args = [] }: SippOptions): Promise<Sipp> {
  mkdirSync(dir, { recursive: true })
  const scenarioFile = `${scenario}.xml`
  copyFileSync(join(import.meta.dirname, 'sipp', scenarioFile), join(dir, scenarioFile))
  writeFileSync(join(dir, 'tone.alaw'), Buffer.from(Array.from(sine(toneHz, 1000), alaw)))
  const statistics = join(dir, 'statistics.csv')
  const addresses = ['-i', sip.host, '-p', String(sip.port), '-mi', mediaHost]
  const reports = ['-trace_stat', '-stf', statistics, '-fd', '1']
  // In the root directory each is process 1: its names of calls and transactions would be those of the one before.
  const run = randomUUID().slice(0, 8)
  const names = ['-key', 'run', run, '-cid_str', `%u-${run}@%s`]
  const command = ['sipp', ...args, ...names, '-sf', scenarioFile, ...addresses, ...reports, '-aa', '-nostdin']
  const process = await startInRoot({ name, command, cwd: dir, logFile: join(dir, 'sipp.log'), env: { TERM: 'dumb' } })
  // It would wait for the calls that are up.
  return { process, counts: () => countsIn(statistics), stop: () => process.stop(0) }
}

/** Of the last line. */
function countsIn(file: string): SippCounts {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const [names = [], last = []] = [lines[0]?.split(';'), lines.at(-1)?.split(';')]
  const count = (name: string) => (lines.length < 2 ? 0 : Number(last[names.indexOf(name)]))
  return { current: count('CurrentCall'), successful: count('SuccessfulCall(C)'), failed: count('FailedCall(C)') }
}
