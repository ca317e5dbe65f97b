import { parseArgs } from 'node:util'
import { vendors } from '../softkeys/vendors.ts'
import { ask, serviceAt } from './service-client.ts'
import { UsageError } from './usage-error.ts'

const usage = `tandem phone-config ${vendors.join(' | ')} EXTENSION [--revoke] [--json] [--config FILE]
  The lines of a desk phone's provisioning file: its key URLs, its lamps, how it sends digits. Of the running service, with an administrator's key
  in $TANDEM_API_KEY. --revoke: the URLs that the phone has are refused from now on, and new ones are printed.
`

/** `tandem phone-config …`. @returns the exit status: 1 refused @throws UsageError, ServiceError */
export async function phoneConfigCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { revoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, config: { type: 'string' } },
  })
  const [vendor, extension] = positionals
  if (!vendors.some((known) => known === vendor) || extension === undefined || positionals.length > 2) throw new UsageError(`which phone?\n${usage}`)
  const service = serviceAt(values.config, env)
  const path = `/v1/phones/${encodeURIComponent(extension)}`
  if (values.revoke) {
    const revoked = await ask(service, 'POST', `${path}/revocations`, {})
    if (revoked.status !== 200) return refusedAs(revoked.body)
  }
  const { status, body } = await ask(service, 'GET', `${path}?vendor=${vendor ?? ''}`)
  if (status !== 200) return refusedAs(body)
  process.stdout.write(values.json ? `${JSON.stringify(body)}\n` : `${(body['lines'] as readonly string[]).join('\n')}\n`)
  return 0
}

function refusedAs(body: Readonly<Record<string, unknown>>): number {
  const { title = '', detail } = body as { readonly title?: string; readonly detail?: string }
  process.stderr.write(`refused: ${title}${detail === undefined ? '' : `: ${detail}`}\n`)
  return 1
}
