import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { makeCheckpoint, publicKeyOf, readPublished, signingKey } from '../ledger/checkpoints.ts'
import { compareLedgers } from '../ledger/compare.ts'
import { Database } from '../ledger/database.ts'
import { type ExportFormat, exportFormats, type ExportSubject, exportSubjects } from '../ledger/export-order.ts'
import { exportTable } from '../ledger/export.ts'
import { LedgerError } from '../ledger/ledger-error.ts'
import { migrate, versionOf } from '../ledger/migrate.ts'
import { rebuildLedger } from '../ledger/rebuild.ts'
import { verifyLedger } from '../ledger/verify.ts'
import { UsageError } from './usage-error.ts'

export const ledgerUsage = `tandem ledger verify [--checkpoints FILE] [--json]      Reads everything and says what was changed. Status 0: nothing; 1: something.
tandem ledger rebuild                                    Makes the read models again from the events.
tandem ledger checkpoint                                 Signs and publishes the heads of the chains now.
tandem ledger key                                        Prints the public key of the checkpoints.
tandem ledger migrate [--to N]                           Brings the tables to a version; a lower one is the way back.
tandem ledger compare --with POSTGRES-URL [--from TIME] [--to TIME] [--json]  Holds the tickets here against those of the other platform's ledger. Status 0: they agree; 1: not.
tandem ledger export handovers|calls|tickets|events [--format csv|jsonl] [--from TIME] [--to TIME] [--out FILE]
  Need-to-know records are left out.
  All with [--config FILE] ($TANDEM_CONFIG, or tandem.yaml). They ask Postgres themselves: the service may run, or not.
`

/** Nobody is signed in here. */
const fromAll = { records: [], reasons: [], handled: [] }

interface Asked {
  readonly database: Database
  readonly config: NonNullable<Config['ledger']>
  readonly values: { readonly checkpoints?: string; readonly json: boolean; readonly to?: string; readonly from?: string; readonly format: string; readonly out?: string; readonly with?: string }
  readonly subject: string | undefined
}

const commands: Readonly<Record<string, (asked: Asked) => Promise<number>>> = {
  async verify({ database, config, values }) {
    const published = values.checkpoints === undefined ? undefined : readPublished(values.checkpoints)
    const { findings, ...read } = await verifyLedger(database, publicKeyOf(signingKey(config.keyFile)), published)
    if (values.json) print(JSON.stringify({ ok: findings.length === 0, ...read, findings }))
    else {
      for (const { where, what } of findings) print(`${where}: ${what}`)
      print(`${read.events} events in ${read.chains} chains, ${read.checkpoints} checkpoints: ${findings.length === 0 ? 'nothing was changed' : `${findings.length} findings`}`)
    }
    return findings.length === 0 ? 0 : 1
  },
  async rebuild({ database }) {
    print(`made again from ${await rebuildLedger(database)} events`)
    return 0
  },
  async checkpoint({ database, config }) {
    const made = await makeCheckpoint(database, signingKey(config.keyFile), config.checkpointFile)
    print(made ? `checkpoint ${made.number}: ${made.heads.length} chains, in ${config.checkpointFile}` : 'nothing has grown since the last checkpoint')
    return 0
  },
  async key({ config }) {
    process.stdout.write(publicKeyOf(signingKey(config.keyFile)).export({ type: 'spki', format: 'pem' }))
    return 0
  },
  async migrate({ database, values }) {
    const steps = await migrate(database, values.to === undefined ? undefined : wholeNumber(values.to, '--to'))
    for (const step of steps) print(step)
    print(`the tables have version ${await versionOf(database)}`)
    return 0
  },
  async compare({ database, values }) {
    if (values.with === undefined) throw new UsageError('--with is needed: the other platform’s ledger, as postgres://…')
    const other = new Database(values.with, 2)
    try {
      const { from, to } = values
      const { tickets, disagreements } = await compareLedgers(database, other, { ...(from === undefined ? {} : { from: time(from, '--from').toISOString() }), ...(to === undefined ? {} : { to: time(to, '--to').toISOString() }) })
      if (values.json) print(JSON.stringify({ ok: disagreements.length === 0, tickets, disagreements }))
      else {
        for (const { ticket, what } of disagreements) print(`${ticket}: ${what}`)
        print(`${tickets} tickets: ${disagreements.length === 0 ? 'both ledgers agree' : `${disagreements.length} differ`}`)
      }
      return disagreements.length === 0 ? 0 : 1
    } finally {
      await other.end()
    }
  },
  async export({ database, values, subject }) {
    const [format, what] = [oneOf<ExportFormat>(exportFormats, values.format, '--format'), oneOf<ExportSubject>(exportSubjects, subject, 'what is exported')]
    const times = { ...(values.from === undefined ? {} : { from: time(values.from, '--from') }), ...(values.to === undefined ? {} : { to: time(values.to, '--to') }) }
    const rows = await exportTable(database, { subject: what, format, withheld: fromAll, ...times })
    if (values.out === undefined) await pipeline(rows, process.stdout, { end: false })
    else await pipeline(rows, createWriteStream(values.out))
    return 0
  },
}

/** `tandem ledger …`. @returns the exit status @throws UsageError, ConfigError, LedgerError */
export async function ledgerCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      checkpoints: { type: 'string' },
      json: { type: 'boolean', default: false },
      to: { type: 'string' },
      from: { type: 'string' },
      format: { type: 'string', default: 'csv' },
      out: { type: 'string' },
      with: { type: 'string' },
    },
  })
  const command = commands[positionals[0] ?? '']
  if (!command) throw new UsageError(`what about the ledger?\n${ledgerUsage}`)
  const { ledger: config } = loadConfig(values.config ?? env['TANDEM_CONFIG'] ?? 'tandem.yaml', env)
  if (!config) throw new UsageError('the configuration has no `ledger`')
  const database = new Database(config.url, 2)
  try {
    return await command({ database, config, values, subject: positionals[1] })
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw LedgerError.from(error)
  } finally {
    await database.end()
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function oneOf<T extends string>(known: readonly T[], given: string | undefined, name: string): T {
  const found = known.find((one) => one === given)
  if (found === undefined) throw new UsageError(`${name} is one of ${known.join(', ')}`)
  return found
}

function time(given: string, name: string): Date {
  const found = new Date(given)
  if (Number.isNaN(found.getTime())) throw new UsageError(`${name} is a time, as 2026-11-01T00:00:00Z`)
  return found
}

function wholeNumber(given: string, name: string): number {
  if (!/^[0-9]{1,6}$/.test(given)) throw new UsageError(`${name} is a number`)
  return Number(given)
}
