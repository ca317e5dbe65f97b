import { parseArgs } from 'node:util'
import { ConfigError } from '../config/load.ts'
import { LedgerError } from '../ledger/ledger-error.ts'
import { accountsCommand } from './accounts.ts'
import { catalogueCommand } from './catalogue.ts'
import { CatalogueFileError } from '../matters/catalogue-file.ts'
import { phoneConfigCommand } from './phone-config.ts'
import { ServiceError, serviceAt } from './service-client.ts'
import { testCall } from './test-call.ts'
import { UsageError } from './usage-error.ts'

const usage = `tandem test-call <12345|110> [--json] [--config FILE]
  Measures the path to a platform by a call to its test number. Status 0: it works; 1: it does not; 2: it could not be tried.
  The running service is asked: at the address of $TANDEM, or of the configuration FILE ($TANDEM_CONFIG, or tandem.yaml); with the
  key $TANDEM_API_KEY, or the first one of that configuration.

tandem webhook listen [--port N] [--host 127.0.0.1] [--secret-file FILE] [--secret whsec_…]… [--status CODE] [--json]
  Receives webhooks as a ticket system would, verifies them in either scheme, and prints what came and what is wrong with it.
  Until Ctrl-C. Without --port it takes a free one. The secrets: one a line in FILE, or $TANDEM_WEBHOOK_SECRET, blanks between;
  --secret stays in the shell's history. CODE (204) is the answer to good ones: 503 shows how they are sent again.

tandem user list | add | password | remove …, tandem key list | add | remove …
  Who may use the API; tandem user says more.

tandem catalogue export [--json | --csv] [--version N], tandem catalogue import FILE
  The matter catalogue (事项清单); tandem catalogue says more.

tandem recommend --jsonl
  Proposes platform and matter for what a citizen says, one {"id","text"} a line.

tandem phone-config VENDOR EXTENSION [--revoke]
  Provisioning lines of a desk phone: key URLs, lamps; tandem phone-config says more.

tandem ledger verify | rebuild | checkpoint | key | migrate | export …
  The ledger in Postgres: what was changed in it, its read models, its signed checkpoints; tandem ledger says more.
`

/** @returns the exit status */
async function tandem(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  if (args.includes('--help')) {
    process.stdout.write(usage)
    return 0
  }
  if (command === 'webhook' && rest[0] === 'listen') {
    // Its HTTP server takes a while to load.
    const { webhookListen } = await import('./webhook-listen.ts')
    return webhookListen(rest.slice(1), process.env)
  }
  if (command === 'user' || command === 'key') return accountsCommand((file) => serviceAt(file, process.env), args)
  if (command === 'catalogue') return catalogueCommand(rest, process.env)
  if (command === 'phone-config') return phoneConfigCommand(rest, process.env)
  if (command === 'recommend') {
    // It brings a dictionary.
    const { recommendCommand } = await import('./recommend.ts')
    return recommendCommand(rest)
  }
  if (command === 'ledger') {
    // So does Postgres' library.
    const { ledgerCommand } = await import('./ledger.ts')
    return ledgerCommand(rest, process.env)
  }
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, config: { type: 'string' } },
  })
  if (positionals[0] !== 'test-call' || positionals.length !== 2) {
    process.stderr.write(usage)
    return 2
  }
  return testCall(serviceAt(values.config, process.env), positionals[1] ?? '', values.json)
}

try {
  process.exitCode = await tandem(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof ServiceError || error instanceof ConfigError || error instanceof UsageError || error instanceof LedgerError || error instanceof CatalogueFileError || (error instanceof TypeError && 'code' in error)
  process.stderr.write(`tandem: ${error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error)}\n`)
  process.exitCode = 2
}
