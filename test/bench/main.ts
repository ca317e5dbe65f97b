import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { setUp, sayOnStderr } from '../../src/cli/setup.ts'
import { stopAll, stopAllOnExit } from '../../src/lab/process.ts'
import { adoption } from './adoption.ts'
import { answerToAudio } from './answer-to-audio.ts'
import { capacity } from './capacity.ts'
import { delivery } from './delivery.ts'
import { edge } from './edge.ts'
import { durability } from './durability.ts'
import { ledger } from './ledger.ts'
import { push } from './push.ts'
import { pressToInvite } from './press-to-invite.ts'
import { recommend } from './recommend.ts'
import { recovery } from './recovery.ts'
import type { BenchResult } from './result.ts'

type Progress = (line: string) => void

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    calls: { type: 'string', default: '132' },
    rate: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '60' },
    handovers: { type: 'string', default: '100000' },
  },
})
const rounds = (usual: number): number => Number(values.rounds ?? usual)
const load = { calls: Number(values.calls), rate: Number(values.rate), holdMs: Number(values.seconds) * 1000 }

const benches: Readonly<Record<string, (progress: Progress) => Promise<BenchResult>>> = {
  'press-to-invite': (progress) => pressToInvite(rounds(2_000), progress),
  recovery: (progress) => recovery(rounds(10), progress),
  adoption: (progress) => adoption(rounds(100), progress),
  'answer-to-audio': (progress) => answerToAudio(rounds(200), progress),
  delivery: (progress) => delivery(30, rounds(200), progress),
  durability: (progress) => durability(rounds(20_000), progress),
  edge: (progress) => edge(rounds(300), progress),
  push: (progress) => push(rounds(300), progress),
  ledger: (progress) => ledger(Number(values.handovers), rounds(200), progress),
  recommend: (progress) => recommend(progress),
  capacity: (progress) => capacity({ ...load, presses: rounds(150) }, progress),
}

/**
 * `npm run bench -- <name> [--rounds N] [--json]`, and for capacity `[--calls N] [--rate PER-SECOND] [--seconds PER-CALL]`, for ledger `[--handovers N]`: a table;
 * the result in JSON is the last line.
 */
const bench = benches[positionals[0] ?? '']
stopAllOnExit()
// What measures does not wait for what is measured, nor for the load.
spawnSync('chrt', ['-a', '-r', '-p', '15', String(process.pid)])
try {
  if (!bench) throw new Error(`say which: npm run bench -- ${Object.keys(benches).join(' | ')} [--rounds N] [--json]`)
  await setUp(sayOnStderr)
  const result = await bench(sayOnStderr)
  if (!values.json) process.stdout.write(`${result.ok ? 'on target' : 'target missed'}: ${JSON.stringify(result.target)}\n`)
  process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (error) {
  sayOnStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
} finally {
  await stopAll()
}
process.exit()
