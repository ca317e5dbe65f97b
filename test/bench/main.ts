import { parseArgs } from 'node:util'
import { setUp, sayOnStderr } from '../../src/cli/setup.ts'
import { stopAll, stopAllOnExit } from '../../src/lab/process.ts'
import { answerToAudio } from './answer-to-audio.ts'
import { pressToInvite } from './press-to-invite.ts'
import { recovery } from './recovery.ts'
import type { BenchResult } from './result.ts'

interface Bench {
  readonly rounds: number
  run(rounds: number, progress: (line: string) => void): Promise<BenchResult>
}

const benches: Readonly<Record<string, Bench>> = {
  'press-to-invite': { rounds: 2_000, run: pressToInvite },
  recovery: { rounds: 10, run: recovery },
  'answer-to-audio': { rounds: 200, run: answerToAudio },
}

/** `npm run bench -- <name> [--rounds N] [--json]`: a table; the result in JSON is the last line. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string' } },
})
const bench = benches[positionals[0] ?? '']
stopAllOnExit()
try {
  if (!bench) throw new Error(`say which: npm run bench -- ${Object.keys(benches).join(' | ')} [--rounds N] [--json]`)
  await setUp(sayOnStderr)
  const result = await bench.run(Number(values.rounds ?? bench.rounds), sayOnStderr)
  if (!values.json) process.stdout.write(`${result.ok ? 'on target' : 'target missed'}: ${JSON.stringify(result.target)}\n`)
  process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (error) {
  sayOnStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
} finally {
  await stopAll()
}
process.exit()
