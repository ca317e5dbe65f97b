import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { ask, type Service, type ServiceAnswer } from './service-client.ts'
import { UsageError } from './usage-error.ts'

export const accountsUsage = `tandem user list | add NAME --role ROLE [--agent SEAT] [--platform 12345|110] | password NAME | remove NAME
tandem key list | add NAME --role ROLE [--platform 12345|110] [--scope PERMISSION]… [--expires TIME] | remove NAME
  Users and API keys of the running service. ROLE: agent, supervisor, administrator, auditor, system. A password is asked for, or read
  from standard input. The service is asked as by test-call, with a key that may change accounts (role administrator).
`

interface Values {
  readonly role?: string
  readonly agent?: string
  readonly platform?: string
  readonly scope?: readonly string[]
  readonly expires?: string
}
type Command = (service: Service, name: string, values: Values) => Promise<ServiceAnswer>

const commands: Readonly<Record<string, Command>> = {
  'user list': (service) => ask(service, 'GET', '/v1/users'),
  'user add': async (service, name, { role, agent, platform }) => ask(service, 'PUT', `/v1/users/${named(name)}`, { role: needed(role, '--role'), ...(agent === undefined ? {} : { agent }), ...(platform === undefined ? {} : { platform }), password: await password() }),
  'user password': async (service, name) => {
    const { body } = await ask(service, 'GET', '/v1/users')
    const known = (body['items'] as { name: string; role: string; agent?: string }[] | undefined)?.find((user) => user.name === name)
    if (!known) throw new UsageError(`there is no user ${name}`)
    const { name: _, ...user } = known
    return ask(service, 'PUT', `/v1/users/${named(name)}`, { ...user, password: await password() })
  },
  'user remove': (service, name) => ask(service, 'DELETE', `/v1/users/${named(name)}`),
  'key list': (service) => ask(service, 'GET', '/v1/keys'),
  'key add': (service, name, { role, platform, scope, expires }) =>
    ask(service, 'POST', '/v1/keys', { name: needed(name, 'NAME'), role: needed(role, '--role'), ...(platform === undefined ? {} : { platform }), ...(scope ? { scopes: scope } : {}), ...(expires === undefined ? {} : { expiresAt: expires }) }),
  'key remove': (service, name) => ask(service, 'DELETE', `/v1/keys/${named(name)}`),
}

/** `tandem user …`, `tandem key …`. @returns the exit status: 0 done, 1 refused @throws UsageError, ServiceError */
export async function accountsCommand(serviceOf: (file: string | undefined) => Service, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { role: { type: 'string' }, agent: { type: 'string' }, platform: { type: 'string' }, scope: { type: 'string', multiple: true }, expires: { type: 'string' }, config: { type: 'string' } },
  })
  const [subject, verb, name = ''] = positionals
  const command = commands[`${subject} ${verb}`]
  if (!command) throw new UsageError(`what about users or keys?\n${accountsUsage}`)
  const { status, body } = await command(serviceOf(values.config), name, values)
  const done = status < 300
  process.stdout.write(done ? linesOf(body) : `refused: ${typeof body['title'] === 'string' ? body['title'] : status}${said(body)}\n`)
  return done ? 0 : 1
}

function linesOf(body: ServiceAnswer['body']): string {
  const items = body['items'] as Record<string, unknown>[] | undefined
  if (!items) return 'key' in body ? `${String(body['key'])}\n` : 'done\n'
  return items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

const said = ({ detail, errors }: { detail?: string; errors?: { path: string; reason: string }[] }): string =>
  [...(detail === undefined ? [] : [detail]), ...(errors ?? []).map(({ path, reason }) => `${path}: ${reason}`)].map((line) => `\n  ${line}`).join('')

function needed(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(`${what} is missing\n${accountsUsage}`)
  return value
}

const named = (name: string): string => encodeURIComponent(needed(name, 'NAME'))

/** Asked for without showing it, or the first line of what is piped in. */
async function password(): Promise<string> {
  const { stdin } = process
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY })
  if (stdin.isTTY) process.stderr.write('password: ')
  try {
    for await (const line of lines) return line
    throw new UsageError('there is no password on standard input')
  } finally {
    lines.close()
    if (stdin.isTTY) process.stderr.write('\n')
  }
}
