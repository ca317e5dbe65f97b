import { parseArgs } from 'node:util'
import { startWebhookListener } from '../tickets/webhook-listener.ts'
import { UsageError } from './usage-error.ts'
import { webhookReport } from './webhook-report.ts'
import { webhookSecrets } from './webhook-secrets.ts'

const options = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  secret: { type: 'string', multiple: true },
  'secret-file': { type: 'string' },
  status: { type: 'string', default: '204' },
  json: { type: 'boolean', default: false },
} as const

/** `tandem webhook listen`: until SIGINT, SIGTERM or SIGHUP. @returns the exit status @throws UsageError, parseArgs' TypeError */
export async function webhookListen(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values } = parseArgs({ args: [...args], options })
  const { host, json } = values
  const status = integer('--status', values.status, 200, 599)
  const port = integer('--port', values.port, 0, 65_535)
  const secrets = webhookSecrets(values.secret ?? [], values['secret-file'], env)
  const report = webhookReport(json)
  const ended = Promise.withResolvers<void>()
  // A terminal's Ctrl-C comes twice: from the terminal, and from the parent that passes it on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve())
  // Nobody reads any longer, as behind `| head`.
  process.stdout.on('error', () => ended.resolve())

  const listener = await startWebhookListener({ host, port, path: '/', secrets, answer: () => status, onRequest: (heard) => print(report.heard(heard)) }).catch((error: unknown) => {
    throw new UsageError(`cannot listen at ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
  const known = `${secrets.length} ${secrets.length === 1 ? 'secret' : 'secrets'}`
  print(json ? `${JSON.stringify({ kind: 'listening', url: listener.url })}\n` : `Listening at ${listener.url} (${known}; answers ${status}; Ctrl-C ends it)\n\n`)
  await ended.promise
  await listener.close()
  // Behind the terminal's ^C.
  if (process.stdout.isTTY) print('\n')
  print(report.summary())
  return 0
}

const print = (text: string): void => void process.stdout.write(text)

function integer(option: string, text: string, minimum: number, maximum: number): number {
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN
  if (!(value >= minimum && value <= maximum)) throw new UsageError(`${option} must be a whole number from ${minimum} to ${maximum}`)
  return value
}
