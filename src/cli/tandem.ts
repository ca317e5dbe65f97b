import { parseArgs } from 'node:util'
import { ConfigError } from '../config/load.ts'
import { ServiceError, serviceAt } from './service-client.ts'
import { testCall } from './test-call.ts'

const usage = `tandem test-call <12345|110> [--json] [--config FILE]
  Measures the path to a platform by a call to its test number. Status 0: it works; 1: it does not; 2: it could not be tried.
  The running service is asked: at the address of $TANDEM with the key $TANDEM_API_KEY; without $TANDEM, at the address and with
  the first key of the configuration FILE ($TANDEM_CONFIG, or tandem.yaml).
`

/** @returns the exit status */
async function tandem(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, config: { type: 'string' }, help: { type: 'boolean', default: false } },
  })
  const [command, ...rest] = positionals
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  if (command !== 'test-call' || rest.length !== 1) {
    process.stderr.write(usage)
    return 2
  }
  return testCall(serviceAt(values.config, process.env), rest[0] ?? '', values.json)
}

try {
  process.exitCode = await tandem(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof ServiceError || error instanceof ConfigError || (error instanceof TypeError && 'code' in error)
  process.stderr.write(`tandem: ${error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error)}\n`)
  process.exitCode = 2
}
