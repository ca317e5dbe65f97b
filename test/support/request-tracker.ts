import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../src/lab/lock.ts'
import { projectDir, runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { runInRoot, startInRoot } from '../../src/lab/process.ts'
import { type Restartable, restartable } from '../../src/lab/restartable.ts'
import { ensureRoot, requestTrackerRoot, type Root } from '../../src/lab/root.ts'
import { untilReady } from '../../src/lab/wait.ts'

const host = '127.0.0.1'
const share = '/usr/share/request-tracker5'
const database = 'rt.db'
const tokensFile = 'tokens.json'

interface Tokens {
  readonly tandem: string
  readonly agent: string
}

export interface RequestTrackerOptions {
  /** For its database, its settings and `request-tracker.log`; below `.runtime`. */
  readonly dir: string
  /** Whom its scrip tells of changes, for all queues or by queue; nobody when left out. */
  readonly tandem?: { readonly url: string | Readonly<Record<string, string>>; readonly secret: string }
}

export interface RestAnswer {
  readonly status: number
  readonly json: unknown
}

export interface RestUser {
  /** @param path below `/REST/2.0` */
  ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<RestAnswer>
}

export interface Agent extends RestUser {
  /**
   * One turn of a person: what is written is HTML, as RT’s own editor makes it, and the new status is set with it.
   * @param act.reply is for the citizen, `act.comment` for the staff alone
   * @throws Error with what RT said when it refused any of it
   */
  act(ticket: number, act: { readonly status?: string; readonly comment?: string; readonly reply?: string }): Promise<void>
}

export interface LabRequestTracker extends Restartable {
  /** Without a path. */
  readonly url: string
  /** Of the user `tandem`, for `Authorization: token …`. */
  readonly token: string
  readonly logFile: string
  readonly asTandem: RestUser
  /** A member of `Tandem 话务`. */
  readonly asAgent: Agent
  /** With the same data. */
  restart(): Promise<void>
}

/**
 * Starts a private Request Tracker 5 with the project’s `initialdata`: loopback only, nobody else’s data, no mail.
 * The first start ever builds its root directory, which takes minutes, and the first with this `initialdata` its
 * database, 15 s; then it is up in 4 s.
 * @throws Error with the last lines of its log when it does not get ready
 */
export async function startRequestTracker({ dir, tandem }: RequestTrackerOptions): Promise<LabRequestTracker> {
  const root = await ensureRoot(() => undefined, requestTrackerRoot)
  const template = await ensureTemplate(root)
  const port = await freePort()
  const url = `http://${host}:${port}`
  const logFile = join(dir, 'request-tracker.log')
  mkdirSync(dir, { recursive: true })
  if (!existsSync(join(dir, database))) for (const file of [tokensFile, database]) copyFileSync(join(template, file), join(dir, file))
  const tokens = JSON.parse(readFileSync(join(dir, tokensFile), 'utf8')) as Tokens
  const env = configure(dir, port, tandem)
  const asTandem = restUser(url, tokens.tandem)
  const server = [`${share}/libexec/rt-server`, '--host', host, '--port', String(port), '--max-workers', '2', '--max-reqs-per-child', '10000']
  const program = restartable(
    () => startInRoot({ name: 'request-tracker', command: server, logFile, env, root: root.path }),
    (started) => untilReady(started, async () => (await asTandem.ask('GET', '/rt')).status === 200, 60_000),
  )
  await program.start()
  const restart = async (): Promise<void> => {
    await program.stop()
    await program.start()
  }
  return { ...program, restart, url, token: tokens.tandem, logFile, asTandem, asAgent: agent(restUser(url, tokens.agent)) }
}

function restUser(url: string, token: string): RestUser {
  return {
    async ask(method, path, body) {
      const headers = { authorization: `token ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }
      const response = await fetch(`${url}/REST/2.0${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
      return { status: response.status, json: await response.json() }
    },
  }
}

function agent(user: RestUser): Agent {
  const change = async (method: 'POST' | 'PUT', path: string, body: object, status: string | undefined): Promise<void> => {
    const answer = await user.ask(method, path, { ...body, ...(status === undefined ? {} : { Status: status }) })
    const text = JSON.stringify(answer.json)
    // A refused status is no error to RT.
    if (answer.status >= 300 || (status !== undefined && !text.includes(`to '${status}'`))) throw new Error(`RT: ${answer.status} ${text}`)
  }
  return {
    ...user,
    async act(ticket, { status, comment, reply }) {
      const path = `/ticket/${ticket}`
      if (comment !== undefined) await change('POST', `${path}/comment`, written(comment), reply === undefined ? status : undefined)
      if (reply !== undefined) await change('POST', `${path}/correspond`, written(reply), status)
      if (comment === undefined && reply === undefined) await change('PUT', path, {}, status)
    },
  }
}

const written = (text: string): object => ({ Content: `<p>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`, ContentType: 'text/html' })

/** Writes the settings of an instance. @returns the environment in which RT’s programs find them */
function configure(dir: string, port: number, tandem?: RequestTrackerOptions['tandem']): Readonly<Record<string, string>> {
  const settings = {
    rtname: 'lab',
    Organization: 'lab',
    WebDomain: host,
    WebPort: String(port),
    DatabaseType: 'SQLite',
    DatabaseName: join(dir, database),
    // Kept in files that go with the process.
    MailCommand: 'testfile',
    LogToSyslog: '',
    LogToSTDERR: 'warning',
    // Of a token, at each request: 12, the usual, takes a quarter of a second.
    BcryptCost: '4',
    ...(tandem ? { TandemURL: tandem.url, TandemSecret: tandem.secret } : {}),
  }
  // For these two RT has no settings.
  const places = Object.entries({ MasonDataDir: join(dir, 'mason'), MasonSessionDir: join(dir, 'sessions') })
  for (const [, place] of places) mkdirSync(place, { recursive: true })
  const lines = [
    'use utf8;',
    ...Object.entries(settings).map(([name, value]) => `Set($${name}, ${perl(value)});`),
    ...places.map(([name, place]) => `$${name} = ${perl(place)};`),
    '1;\n',
  ]
  const file = join(dir, 'RT_SiteConfig.pm')
  writeFileSync(file, lines.join('\n'))
  return { RT_SITE_CONFIG: file, RT_SITE_CONFIG_DIR: '/dev/null' }
}

const perl = (value: string | Readonly<Record<string, string>>): string =>
  typeof value === 'string'
    ? `'${value.replaceAll(/[\\']/gu, String.raw`\$&`)}'`
    : `{ ${Object.entries(value).map(([key, entry]) => `${perl(key)} => ${perl(entry)}`).join(', ')} }`

/** Makes the person who works there, and a token for each. */
const accounts = `
use utf8;
use lib '${share}/lib';
use RT;
RT::LoadConfig();
RT::Init();
my $agent = RT::User->new(RT->SystemUser);
$agent->Create(Name => 'agent', Privileged => 1);
my $group = RT::Group->new(RT->SystemUser);
$group->LoadUserDefinedGroup('Tandem 话务');
my ($joined, $why) = $group->AddMember($agent->PrincipalId);
die $why unless $joined;
my %tokens;
for my $name (qw(tandem agent)) {
    my $user = RT::User->new(RT->SystemUser);
    $user->Load($name);
    my ($made, $said, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->id, Description => 'tests');
    die $said unless $made;
    $tokens{$name} = $token;
}
print JSON::encode_json(\\%tokens);
`

/** @returns the directory of a fresh database and the tokens in it, made when there is none for this `initialdata` */
async function ensureTemplate(root: Root): Promise<string> {
  const initialdata = readFileSync(join(projectDir, 'src/tickets/request-tracker/initialdata'))
  const hash = createHash('sha256').update(initialdata).update(accounts).update(JSON.stringify(root.versions)).digest('hex')
  const all = join(runtimeDir, 'request-tracker')
  const template = join(all, hash.slice(0, 16))
  mkdirSync(all, { recursive: true })
  await withLock(join(runtimeDir, 'request-tracker.lock'), async () => {
    if (existsSync(template)) return
    rmSync(all, { recursive: true })
    const making = `${template}.making`
    mkdirSync(making, { recursive: true })
    writeFileSync(join(making, 'initialdata'), initialdata)
    const env = configure(making, 80)
    const run = async (command: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await runInRoot(command, { root: root.path, env, timeoutMs: 120_000 })
      // What it could not load is only logged.
      if (code !== 0 || /\[(?:error|critical)\]/u.test(stderr)) throw new Error(`${command[0]} failed: ${stdout}${stderr}`)
      return stdout
    }
    await run(['rt-setup-database', '--action', 'init', '--skip-create'])
    await run(['rt-setup-database', '--action', 'insert', '--skip-create', '--datafile', join(making, 'initialdata')])
    writeFileSync(join(making, tokensFile), await run(['perl', '-e', accounts]))
    renameSync(making, template)
  })
  return template
}
