import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startTandem } from './app.ts'
import { ConfigError, loadConfig } from './config/load.ts'
import { safeSummary } from './config/summary.ts'

/** `npm start -- --config tandem.yaml`: the service, until SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string', default: process.env['TANDEM_CONFIG'] ?? 'tandem.yaml' } } })
  const config = loadConfig(values.config)
  const logger = pino({ level: config.log.level, base: { instance: config.instance } })
  logger.info({ config: safeSummary(config) }, 'configuration')
  const tandem = await startTandem(config, logger)
  logger.info({ address: tandem.address }, 'ready')
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping')
    tandem.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopped badly')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

try {
  await main()
} catch (error) {
  // The one place where an error ends the process: it could not start.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exit(2)
}
