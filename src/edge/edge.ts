import type { Dialog, Request, Response } from 'drachtio-srf'
import Srf from 'drachtio-srf'
import type { Logger } from 'pino'
import type { Config, EdgeConfig, EdgeTrunkConfig } from '../config/schema.ts'
import { decodeCarried } from '../domain/edge/carried.ts'
import { type Headers, callerIn, carriedBy, hopsLeft, incomingHeaders, outgoingHeaders, userOf } from '../domain/edge/headers.ts'
import { multipart, partsOf, pidfLo, withLocation } from '../domain/edge/location.ts'
import { canonicalNumber, numberAs } from '../domain/edge/numbers.ts'
import { platforms } from '../domain/handover/handover.ts'
import { setUp, type Way } from './call-setup.ts'
import { Conferences } from './conferences.ts'
import { Gateways, uriOf } from './gateways.ts'
import { type Peer, Peers } from './peers.ts'
import { Referrals } from './referrals.ts'
import { TandemApi } from './tandem-api.ts'

/** What Asterisk’s INVITE may begin a call with, and no other. */
const requests = ['invite', 'options', 'subscribe', 'register', 'message', 'info', 'notify', 'publish'] as const
const allowed = { Allow: 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY, SUBSCRIBE' }
/** Longest pause between two tries to reach drachtio-server, ms. */
const retryMaxDelay = 2_000

type GatewayPeer = Extract<Peer, { kind: 'gateway' }>

/** The SIP edge: between Asterisk and the gateways of other networks, not in the way of the sound. */
export class SipEdge {
  readonly #srf = new Srf()
  readonly #config: Config
  readonly #edge: EdgeConfig
  readonly #logger: Logger
  readonly #peers: Peers
  readonly #gateways: Gateways
  readonly #referrals: Referrals
  readonly #conferences: Conferences
  /** Calls that Tandem has given to an exchange, by its trunk. */
  readonly #parts = new Map<string, number>()

  constructor(config: Config, edge: EdgeConfig, logger: Logger) {
    this.#config = config
    this.#edge = edge
    this.#logger = logger
    this.#peers = new Peers(config, edge)
    this.#gateways = new Gateways(this.#srf, edge, logger)
    const api = new TandemApi(edge.apiUrl ?? `http://${config.http.host}:${config.http.port}`, edge.apiKey)
    this.#referrals = new Referrals(config, edge, api, logger)
    this.#conferences = new Conferences(this.#srf, api, (callId) => `sip:${callId}@${edge.host}:${edge.port}`, logger)
  }

  /** Comes back by itself whenever drachtio-server does. */
  start(): void {
    const { host, port, secret } = this.#edge.drachtio
    this.#srf.on('connect', (error: Error | null, local: string) => {
      if (error) this.#logger.error({ err: error }, 'drachtio-server refuses us')
      else this.#logger.info({ local }, 'connected to drachtio-server')
    })
    this.#srf.on('error', (error: Error) => this.#logger.warn({ err: error }, 'drachtio-server'))
    for (const method of requests) this.#srf.use(method, (request, response) => this.#safely(request, response))
    this.#srf.connect({ host, port, secret, reconnect: { retryMaxDelay } })
    this.#gateways.start()
    this.#conferences.start()
  }

  stop(): void {
    this.#gateways.stop()
    this.#conferences.stop()
    try {
      this.#srf.disconnect()
    } catch {
      // It was not connected.
    }
  }

  /** Whatever somebody sends: it is answered, and nothing else suffers. */
  #safely(request: Request, response: Response): void {
    const failed = (error: unknown) => {
      this.#logger.error({ err: error, method: request.method, from: request.source_address }, 'request failed')
      if (!response.finalResponseSent) response.send(500)
    }
    try {
      this.#received(request, response)?.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #received(request: Request, response: Response): Promise<void> | undefined {
    const peer = this.#peers.of(request.source_address, request.source_port)
    if (!peer) {
      this.#logger.warn({ method: request.method, from: `${request.source_address}:${request.source_port}` }, 'a stranger')
      return answer(response, 403)
    }
    if (!/^(sips?|tel):/i.test(request.uri)) return answer(response, 416)
    switch (request.method) {
      case 'INVITE':
        // A dialog that is not there any longer (RFC 3261 §12.2.2).
        if (/;\s*tag=/i.test(request.get('to') ?? '')) return answer(response, 481)
        return peer.kind === 'asterisk' ? this.#outgoing(request, response) : this.#incoming(request, response, peer)
      case 'OPTIONS':
        return answer(response, 200, { headers: { ...allowed, Accept: 'application/sdp, multipart/mixed' } })
      case 'SUBSCRIBE':
        return this.#subscribe(request, response, peer)
      default:
        return answer(response, 405, { headers: allowed })
    }
  }

  /** From Asterisk to a trunk, which the request URI names. */
  async #outgoing(request: Request, response: Response): Promise<void> {
    const read = (name: string) => request.get(name)
    const name = /;trunk=([A-Za-z0-9_-]+)/.exec(request.uri)?.[1]
    const trunk = this.#edge.trunks.find((one) => one.trunk === name)
    const hops = hopsLeft(read)
    const dialled = this.#number(userOf(request.uri), trunk)
    if (!trunk || dialled === undefined) return response.send(404)
    if (hops === undefined) return response.send(483)
    const carried = decodeCarried(read('x-tandem-carried') ?? '') ?? {}
    const { position, ...placeless } = carried
    const [callId, handoverId] = [read('x-tandem-call-id'), read('x-tandem-handover-id')]
    const caller = callerIn(read, true)
    const out = (more: { location: boolean }): Headers => ({
      ...outgoingHeaders(
        {
          caller: { ...caller, number: this.#number(caller.number, trunk) ?? caller.number },
          dialled,
          carried: more.location ? carried : placeless,
          trusted: trunk.trusted,
          carries: trunk.carries,
          host: this.#edge.host,
          callId,
          handoverId,
        },
        read,
      ),
      'Max-Forwards': hops,
    })
    const sdp = request.body ?? ''
    const [headers, plain] = [out({ location: true }), { headers: out({ location: false }), body: sdp }]
    const located = headers['Geolocation'] !== undefined && position !== undefined && sdp !== ''
    const body = located && position ? withLocation(sdp, pidfLo(position, `sip:${caller.number}@${this.#edge.host}`, new Date().toISOString())) : sdp
    const ways = this.#gateways.inOrder(trunk).map(
      (gateway): Way => ({
        name: gateway.id,
        uri: uriOf(gateway, dialled),
        ...(located ? { headers: { ...headers, 'Content-Type': multipart }, body, plain } : plain),
        silenceMs: this.#edge.silenceMs,
        take: () => this.#gateways.take(gateway.id),
        heard: (status) => status === undefined && this.#gateways.heard(gateway.id, undefined),
      }),
    )
    const part = callId === undefined ? undefined : `${trunk.trunk} ${callId}`
    let far: Dialog | undefined
    await setUp(this.#srf, request, response, ways, {
      own: (asked, reply) => this.#refers(asked, reply, () => far, trunk, callId),
      joined: (_near, dialog) => {
        far = dialog
        if (part !== undefined) this.#parts.set(part, (this.#parts.get(part) ?? 0) + 1)
      },
      ended: () => part !== undefined && far && this.#partEnded(part),
    }, this.#logger.child({ trunk: trunk.trunk, call: callId }))
  }

  /** From a trunk to Asterisk. */
  async #incoming(request: Request, response: Response, { trunk, gateway }: GatewayPeer): Promise<void> {
    const read = (name: string) => request.get(name)
    const hops = hopsLeft(read)
    const { plan } = this.#edge
    const wanted = canonicalNumber(userOf(request.uri) ?? '', plan)
    const own = platforms.flatMap((platform) => this.#config.desks[platform].numbers).find((number) => canonicalNumber(number, plan) === wanted)
    if (!this.#config.trunks.find(({ id }) => id === trunk.trunk)?.inbound) return response.send(403)
    if (hops === undefined) return response.send(483)
    if (wanted === undefined || own === undefined) return response.send(404)
    const { sdp, pidf } = partsOf(read('content-type') ?? '', request.body ?? '')
    const caller = callerIn(read, trunk.trusted)
    const canonical = canonicalNumber(caller.number, plan)
    const { sipHost, sipPort } = this.#config.asterisk
    const way: Way = {
      name: 'asterisk',
      uri: `sip:${own}@${sipHost}:${sipPort};transport=tcp`,
      headers: { ...incomingHeaders({ ...caller, number: canonical === undefined ? caller.number : numberAs('national', canonical, plan) }, carriedBy(read, trunk.trunk, trunk.trusted, pidf), this.#edge.host, read), 'Max-Forwards': hops },
      body: sdp,
      take: () => this.#gateways.take(gateway.id),
    }
    let near: Dialog | undefined
    await setUp(this.#srf, request, response, [way], {
      reversed: true,
      own: (asked, reply) => this.#refers(asked, reply, () => near, trunk, undefined),
      joined: (dialog) => (near = dialog),
    }, this.#logger.child({ trunk: trunk.trunk }))
  }

  #refers(request: Request, response: Response, dialog: () => Dialog | undefined, { trunk }: EdgeTrunkConfig, callId: string | undefined): boolean {
    if (request.method !== 'REFER') return false
    this.#referrals.take(request, response, dialog, trunk, callId)
    return true
  }

  async #subscribe(request: Request, response: Response, peer: Peer): Promise<void> {
    const callId = userOf(request.uri) ?? ''
    if (peer.kind !== 'gateway' || !this.#parts.has(`${peer.trunk.trunk} ${callId}`)) return response.send(404)
    await this.#conferences.subscribe(request, response, callId)
  }

  #partEnded(part: string): void {
    const left = (this.#parts.get(part) ?? 0) - 1
    if (left > 0) this.#parts.set(part, left)
    else this.#parts.delete(part)
  }

  /** @returns the number in the trunk’s form; undefined when it is none */
  #number(user: string | undefined, trunk: EdgeTrunkConfig | undefined): string | undefined {
    const canonical = canonicalNumber(user ?? '', this.#edge.plan)
    return canonical === undefined || !trunk ? undefined : numberAs(trunk.numbers, canonical, this.#edge.plan)
  }
}

/** Answered at once: nothing is waited for. */
function answer(response: Response, status: number, options?: { readonly headers: Headers }): undefined {
  response.send(status, options)
}
