import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { ConfigError, loadConfig } from './config/load.ts'
import { SipEdge } from './edge/edge.ts'

/** `npm run edge -- --config tandem.yaml`: beside the service, until SIGTERM or SIGINT. */
try {
  const { values } = parseArgs({ options: { config: { type: 'string', default: process.env['TANDEM_CONFIG'] ?? 'tandem.yaml' } } })
  const config = loadConfig(values.config)
  if (!config.edge) throw new ConfigError(values.config, [{ path: 'edge', reason: 'is not there: this configuration has no edge' }])
  const logger = pino({ level: config.log.level, base: { instance: `${config.instance}-edge` } })
  const edge = new SipEdge(config, config.edge, logger)
  edge.start()
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping')
    edge.stop()
    process.exit(0)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  // The one place where an error ends the process: it could not start.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
  process.exitCode = 2
}
