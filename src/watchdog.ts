import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { Watchdog } from './asterisk/watchdog.ts'
import { ConfigError, loadConfig } from './config/load.ts'

/** `npm run watchdog -- --config tandem.yaml`: beside the service, until SIGTERM or SIGINT. */
const everyMs = 1_000

try {
  const { values } = parseArgs({ options: { config: { type: 'string', default: process.env['TANDEM_CONFIG'] ?? 'tandem.yaml' } } })
  const config = loadConfig(values.config)
  const logger = pino({ level: config.log.level, base: { instance: `${config.instance}-watchdog` } })
  const watchdog = new Watchdog(config.asterisk, logger)
  logger.info('watching')
  let looking = false
  setInterval(() => {
    if (looking) return
    looking = true
    void watchdog.look().finally(() => (looking = false))
  }, everyMs)
} catch (error) {
  // The one place where an error ends the process: it could not start.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
  process.exitCode = 2
}
