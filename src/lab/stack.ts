import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { debianDirs, renderAsterisk } from '../asterisk/render.ts'
import { serviceInRealTime } from '../cli/real-time.mjs'
import { parseConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { Api } from './api.ts'
import { type LabAsterisk, startAsterisk } from './asterisk.ts'
import { projectDir } from './paths.ts'
import { type Phone, startPhone } from './phone.ts'
import { freePort, freePortRange } from './ports.ts'
import { type LabProcess, startOnHost } from './process.ts'
import { type LabPostgres, startPostgres } from './postgres.ts'
import { type LabRedis, startRedis } from './redis.ts'
import { claimRunDir } from './run-dir.ts'
import { labSecrets, webhookSecret } from './secrets.ts'
import { type TicketReceiver, startTicketReceiver } from './ticket-receiver.ts'
import { partyTones } from './tones.ts'
import { untilReady } from './wait.ts'

/** Citizens come from this address: how Asterisk knows the carrier's trunk. */
export const carrierHost = '127.0.0.2'

export interface StackOptions {
  /** Names its directory below `.runtime/run`. */
  readonly name: string
  /** Take the usual ports where they are free (5060, 8088 …); else any. */
  readonly usualPorts?: boolean
  readonly seats?: Partial<Record<'12345' | '110', readonly string[]>>
  /** The 110 desk is behind a trunk to this port of 127.0.0.1. */
  readonly policeTrunkPort?: number
  readonly calls?: Partial<Config['calls']>
  readonly recording?: Partial<Config['recording']>
  /** Agents may call citizens: the citizen's phone listens there, at the carrier's address. */
  readonly carrierPort?: number
  readonly retryMs?: readonly number[]
  /** Which platforms have a ticket system; both when left out. */
  readonly ticketSystems?: readonly ('12345' | '110')[]
  /** With a Postgres, and the ledger in it. */
  readonly ledger?: boolean
  /** RTP ports of Asterisk: two a leg; 200 when left out. */
  readonly rtpPorts?: number
  /** How often the calls are compared with Asterisk. */
  readonly compareMs?: number
  /** The service reaches Asterisk's HTTP port through this. */
  readonly ariProxy?: { readonly port: number; leadTo(port: number): void }
  /** Of the trunk to 110, where there is one. */
  readonly policeTrunk?: Partial<Config['trunks'][number]>
  readonly testCalls?: readonly Partial<Config['testCalls'][number]>[]
  readonly keys?: Partial<Config['keys']>
  /** Agents whose own Transfer and Conference keys make hand-overs. */
  readonly referKeys?: readonly string[]
  /** The SIP edge's settings, but for its key. */
  readonly edge?: Readonly<Record<string, unknown>>
  /** Contexts whose calls are adopted. */
  readonly adoption?: readonly string[]
  /** Beside the numbers, and the trunk of 110. */
  readonly desks?: Partial<Record<'12345' | '110', Partial<Config['desks']['110']>>>
  /** The configuration in the place of what is usual. */
  readonly settings?: (usual: LabSettings) => LabSettings
}

/** As it stands in YAML. */
export type LabSettings = Record<string, unknown> & { readonly asterisk: object }

/** The whole of Tandem on this machine: Asterisk, Redis, a ticket receiver, the service, and phones when asked for. */
export interface Stack {
  readonly config: Config
  readonly configFile: string
  readonly dir: string
  readonly api: Api
  readonly asterisk: LabAsterisk
  readonly redis: LabRedis
  /** Where there is a ledger. */
  readonly postgres: LabPostgres | undefined
  readonly receiver: TicketReceiver
  readonly service: LabProcess
  /** Starts the service (again) and waits until it is connected to Asterisk. */
  startService(): Promise<void>
  /** Beside the service. */
  startWatchdog(): Promise<LabProcess>
  /** Beside the service; drachtio-server is somebody else's. */
  startEdge(): Promise<LabProcess>
  /** After its end: another process, without calls. */
  startAsterisk(): Promise<void>
  citizen(options?: { number?: string; name?: string; toneHz?: number }): Promise<Phone>
  agent(id: string, toneHz: number): Promise<Phone>
  stop(): Promise<void>
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = claimRunDir(options.name)
  const secret = webhookSecret('police-tickets')
  const port = (usual: number, kind?: 'both') => freePort(options.usualPorts ? usual : undefined, kind)
  const receiver = await startTicketReceiver(secret, await port(8790))
  const redis = await startRedis({ dir: join(dir, 'redis'), port: await port(6379) })
  const postgres = options.ledger ? await startPostgres({ dir: join(dir, 'postgres'), port: await port(5432) }) : undefined
  const configFile = join(dir, 'tandem.yaml')
  const usual = await labSettings(options, port, { redis: redis.url, tickets: receiver.url, secret, journal: join(dir, 'journal.sqlite'), ...(postgres ? { ledger: postgres.url } : {}) })
  const settings = options.settings?.(usual) ?? usual
  const text = stringify(settings)
  writeFileSync(configFile, text, { mode: 0o600 })
  const config = parseConfig(text, {}, configFile)
  if (options.ariProxy) {
    options.ariProxy.leadTo(config.asterisk.httpPort)
    writeFileSync(configFile, stringify({ ...settings, asterisk: { ...settings.asterisk, httpPort: options.ariProxy.port } }), { mode: 0o600 })
  }
  let asterisk = await startLabAsterisk(config, join(dir, 'asterisk'))
  const api = new Api(`http://${config.http.host}:${config.http.port}`, config.http.apiKeys[0]?.key ?? '')
  const phones: Phone[] = []
  let service: LabProcess | undefined

  const startService = async () => {
    const command = serviceInRealTime([process.execPath, join(projectDir, 'src/main.ts'), '--config', configFile])
    const started = await startOnHost({ name: 'tandem', command, logFile: join(dir, 'tandem.log') })
    service = started
    await untilReady(started, async () => (await api.get<{ ok: boolean }>('/v1/health')).body.ok, 15_000)
  }
  await startService()

  const startWatchdog = () => startOnHost({ name: 'watchdog', command: [process.execPath, join(projectDir, 'src/watchdog.ts'), '--config', configFile], logFile: join(dir, 'watchdog.log') })

  const startEdge = () => startOnHost({ name: 'edge', command: [process.execPath, join(projectDir, 'src/edge.ts'), '--config', configFile], logFile: join(dir, 'edge.log') })

  const phone = async (name: string, toneHz: number, account: Parameters<typeof startPhone>[0]['account'], bindHost: string, sipPort?: number) => {
    const started = await startPhone({
      name,
      dir: join(dir, 'phones', name),
      toneHz,
      sip: { host: config.asterisk.sipHost, port: config.asterisk.sipPort },
      account,
      bindHost,
      ...(sipPort === undefined ? {} : { sipPort }),
      answer: 'manual',
    })
    phones.push(started)
    return started
  }

  return {
    config,
    configFile,
    dir,
    api,
    get asterisk() {
      return asterisk
    },
    async startAsterisk() {
      asterisk = await startLabAsterisk(config, join(dir, 'asterisk'))
    },
    redis,
    postgres,
    receiver,
    get service() {
      if (!service) throw new Error('the service has not been started')
      return service
    },
    startService,
    startWatchdog,
    startEdge,
    citizen: ({ number = '13800001234', name, toneHz = partyTones.caller } = {}) =>
      phone(`citizen-${number}`, toneHz, { user: number, register: false, ...(name === undefined ? {} : { displayName: name }) }, carrierHost, options.carrierPort),
    agent: (id, toneHz) => {
      const found = config.agents.find((agent) => agent.id === id)
      if (!found) throw new Error(`there is no agent ${id}`)
      return phone(`agent-${id}`, toneHz, { user: id, password: found.password, register: true }, '127.0.0.1')
    },
    async stop() {
      await Promise.all(phones.map((started) => started.stop()))
      await service?.stop()
      await asterisk.stop()
      await redis.stop()
      await postgres?.stop()
      await receiver.stop()
    },
  }
}

/** A configuration for this machine, as it would stand in YAML. */
export async function labSettings(
  options: StackOptions,
  port: (usual: number, kind?: 'both') => Promise<number>,
  at: { redis: string; tickets: string; secret: string; journal: string; ledger?: string },
): Promise<LabSettings> {
  const secrets = labSecrets(['api-key', 'admin-key', 'ari', 'ami', 'phones'])
  const desks = { '12345': ['1001'], '110': ['2001'], ...options.seats }
  const police = options.policeTrunkPort
  const refers = (id: string) => (options.referKeys?.includes(id) ? { referKeys: true } : {})
  return {
    instance: options.name,
    http: { port: await port(8700), apiKeys: [{ name: 'desk', key: secrets['api-key'], role: 'supervisor' }, { name: 'admin', key: secrets['admin-key'], role: 'administrator' }] },
    asterisk: {
      httpPort: await port(8088),
      amiPort: await port(5038),
      sipPort: await port(5060, 'both'),
      rtpPorts: await freePortRange(options.rtpPorts ?? 200, options.usualPorts ? 10_000 : await port(10_000)),
      application: 'tandem',
      ...(options.compareMs === undefined ? {} : { compareMs: options.compareMs }),
      username: 'tandem',
      ariPassword: secrets['ari'],
      amiPassword: secrets['ami'],
    },
    redis: { url: at.redis },
    journal: { path: at.journal },
    ...(at.ledger === undefined ? {} : { ledger: { url: at.ledger } }),
    desks: {
      '12345': { numbers: ['12345'], ...options.desks?.['12345'] },
      '110': { numbers: ['110'], ...(police === undefined ? {} : { routes: ['police'] }), ...options.desks?.['110'] },
    },
    agents: [
      ...desks['12345'].map((id) => ({ id, platform: '12345', name: `话务员 ${id}`, password: secrets['phones'], ...refers(id) })),
      ...(police === undefined || options.seats?.['110'] ? desks['110'] : []).map((id) => ({ id, platform: '110', name: `接警员 ${id}`, password: secrets['phones'], ...refers(id) })),
    ],
    trunks: [
      { id: 'carrier', host: carrierHost, port: options.carrierPort ?? 5060, qualifySec: 0 },
      ...(police === undefined ? [] : [{ id: 'police', host: '127.0.0.1', port: police, inbound: false, qualifySec: 0, match: ['127.0.0.9'], ...options.policeTrunk }]),
    ],
    ...(options.carrierPort === undefined ? {} : { outbound: { trunk: 'carrier' } }),
    ...(options.edge ? { edge: { ...options.edge, apiKey: secrets['api-key'] } } : {}),
    ...(options.adoption ? { adoption: { contexts: options.adoption } } : {}),
    ...(options.keys ? { keys: options.keys } : {}),
    calls: options.calls ?? {},
    recording: { directory: join(dirname(at.journal), 'asterisk/spool/recording'), ...options.recording },
    attachments: { directory: join(dirname(at.journal), 'attachments') },
    testCalls: options.testCalls ?? [],
    tickets: {
      allowNetworks: ['127.0.0.0/8'],
      endpoints: (options.ticketSystems ?? (['12345', '110'] as const)).map((platform) => ({
        id: `tickets-${platform}`,
        platform,
        url: at.tickets,
        secrets: [at.secret],
      })),
      ...(options.retryMs ? { retryMs: options.retryMs } : {}),
    },
  }
}

/** Renders Asterisk's configuration below `dir` and starts it. */
export async function startLabAsterisk(config: Config, dir: string): Promise<LabAsterisk> {
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const etc = join(dir, 'etc')
  for (const sub of ['var', 'spool/recording', 'run', 'log']) mkdirSync(join(dir, sub), { recursive: true })
  renderAsterisk(
    config,
    {
      ...debianDirs(arch),
      etc,
      var: join(dir, 'var'),
      spool: join(dir, 'spool'),
      run: join(dir, 'run'),
      log: join(dir, 'log'),
    },
    etc,
  )
  const { host, httpPort, username, ariPassword } = config.asterisk
  return startAsterisk({ configDir: etc, dir, ready: { host, httpPort, username, password: ariPassword } })
}

