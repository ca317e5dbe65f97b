import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { ConfigError, loadConfig } from './config/load.ts'
import { safeSummary } from './config/summary.ts'
import { openJournal } from './journal/open-journal.ts'

const mebibyte = 1_048_576

/** `npm start -- --config tandem.yaml`: the service, until SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string', default: process.env['TANDEM_CONFIG'] ?? 'tandem.yaml' } } })
  const config = loadConfig(values.config)
  const logger = pino({ level: config.log.level, base: { instance: config.instance } })
  logger.info({ config: safeSummary(config) }, 'configuration')
  // Its thread starts while the rest is loaded: calls may be waiting.
  const { path, retentionDays, maxMiB, reserveMiB } = config.journal
  const readers = ['tickets', ...(config.ledger ? ['ledger'] : [])]
  const opening = openJournal({ path, readers, retentionDays, maxBytes: maxMiB * mebibyte, reserveBytes: reserveMiB * mebibyte, logger: logger.child({ part: 'journal' }) })
  // Its failure is told below.
  opening.catch(() => undefined)
  const starting = import('./app.ts').then(({ startTandem }) => startTandem(config, logger, opening))
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping')
    starting
      .then((tandem) => tandem.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stopped badly')
          process.exit(1)
        },
      )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { address } = await starting
  logger.info({ address }, 'ready')
}

try {
  await main()
} catch (error) {
  // The one place where an error ends the process: it could not start.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(2)
}
