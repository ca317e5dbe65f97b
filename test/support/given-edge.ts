import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { eventually } from '../../src/lab/eventually.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { projectDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { type LabProcess, startOnHost } from '../../src/lab/process.ts'
import { logTail } from '../../src/lab/log-tail.ts'
import { type GivenDrachtio, startDrachtio, whichDrachtio } from './given-drachtio.ts'
import { SipAgent, obliging } from './sip-agent.ts'

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly key: string | undefined
}

/** In Tandem’s place: what it answers a test says. */
export interface TandemStub {
  readonly requests: ApiRequest[]
  answer: (request: ApiRequest) => { readonly status: number; readonly body: unknown }
}

export interface GivenEdge {
  readonly uri: string
  readonly address: { readonly proto: 'udp'; readonly host: string; readonly port: number }
  readonly drachtio: GivenDrachtio
  readonly tandem: TandemStub
  /** In Asterisk’s place. */
  readonly asterisk: SipAgent
  readonly gateways: readonly SipAgent[]
  /** Nobody’s: an address that the configuration does not have. */
  readonly stranger: SipAgent
  server: LabProcess
  edge: LabProcess
  startEdge(): Promise<void>
  startServer(): Promise<void>
  log(): string
}

const at = async (host: string): Promise<SipAgent> => new SipAgent(host, await freePort(undefined, 'both', host)).start()

/** An edge as it is run, its drachtio-server, and SIP agents around it whose messages a test writes. @param trunk of the only trunk, beside its gateways @param gateway of the n-th gateway */
export async function givenEdge(name: string, trunk: Readonly<Record<string, unknown>> = {}, gateway: (index: number) => Readonly<Record<string, unknown>> = () => ({}), more: Readonly<Record<string, unknown>> = {}): Promise<GivenEdge> {
  process.stdout.write(`edge: against ${whichDrachtio}\n`)
  const dir = claimRunDir(name)
  mkdirSync(dir, { recursive: true })
  const [asterisk, stranger, ...gateways] = await Promise.all([at('127.0.0.1'), at('127.0.0.66'), at('127.0.0.11'), at('127.0.0.12')])
  for (const agent of [asterisk, ...gateways]) agent.answering = obliging
  const drachtio: GivenDrachtio = { host: '127.0.0.5', port: await freePort(undefined, 'both', '127.0.0.5'), adminPort: await freePort(), secret: 'a-secret-for-the-edge', dir: join(dir, 'drachtio') }
  const tandem: TandemStub = { requests: [], answer: () => ({ status: 404, body: { code: 'call-not-found' } }) }
  const http = await stubOf(tandem)
  const key = 'key-of-the-edge-itself'
  const settings = {
    http: { port: http, apiKeys: [{ name: 'edge', key }] },
    asterisk: { sipHost: asterisk.host, sipPort: asterisk.port, application: 'tandem', username: 'tandem', ariPassword: 'x'.repeat(16), amiPassword: 'x'.repeat(16) },
    redis: { url: 'redis://127.0.0.1:1' },
    journal: { path: join(dir, 'journal.sqlite') },
    desks: { '12345': { numbers: ['12345', '051312345'] }, '110': { numbers: ['110'], routes: ['police'] } },
    agents: [{ id: '1001', platform: '12345', password: 'x'.repeat(16) }],
    trunks: [{ id: 'police', host: '127.0.0.11', port: gateways[0]?.port }],
    destinations: [{ id: 'interpreter', trunk: 'police', dial: '051388880000' }],
    edge: {
      host: drachtio.host,
      port: drachtio.port,
      drachtio: { port: drachtio.adminPort, secret: drachtio.secret },
      apiKey: key,
      optionsMs: 500,
      silenceMs: 400,
      trunks: [{ trunk: 'police', trusted: true, ...trunk, gateways: gateways.map(({ host, port }, i) => ({ id: `gateway-${i + 1}`, host, port, priority: i + 1, ...gateway(i) })) }],
      ...more,
    },
  }
  const config = join(dir, 'tandem.yaml')
  writeFileSync(config, stringify(settings), { mode: 0o600 })
  const logFile = join(dir, 'edge.log')
  const start = async () => {
    const started = await startOnHost({ name: 'edge', command: [process.execPath, join(projectDir, 'src/edge.ts'), '--config', config], logFile })
    // It answers as soon as it has told drachtio-server what it wants.
    await eventually(
      async () => {
        const asked = asterisk.send('OPTIONS', `sip:${drachtio.host}:${drachtio.port}`, { proto: 'udp', host: drachtio.host, port: drachtio.port })
        return (await asterisk.untilFinal(asked, 1_000).catch(() => undefined))?.start ?? ''
      },
      (answer) => answer.startsWith('SIP/2.0 200'),
      15_000,
    )
    return started
  }
  const server = await startDrachtio(drachtio)
  const given: GivenEdge = {
    uri: `${drachtio.host}:${drachtio.port}`,
    address: { proto: 'udp', host: drachtio.host, port: drachtio.port },
    drachtio,
    tandem,
    asterisk,
    gateways,
    stranger,
    server,
    edge: await start(),
    async startEdge() {
      given.edge = await start()
    },
    async startServer() {
      given.server = await startDrachtio(drachtio)
    },
    log: () => logTail(logFile),
  }
  return given
}

async function stubOf(tandem: TandemStub): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const asked = { method: request.method ?? '', path: request.url ?? '', body: text === '' ? undefined : (JSON.parse(text) as unknown), key: request.headers['idempotency-key'] as string | undefined }
      tandem.requests.push(asked)
      const { status, body } = tandem.answer(asked)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
