import type { Logger } from 'pino'
import type Srf from 'drachtio-srf'
import type { EdgeConfig, EdgeTrunkConfig } from '../config/schema.ts'
import { type GatewayState, heardOf, orderOf, unknownGateway } from '../domain/edge/gateways.ts'
import type { GatewayConfig } from './peers.ts'

/** For an answer to OPTIONS, ms. */
const answerMs = 2_000

export const uriOf = ({ host, port, transport }: GatewayConfig, user?: string): string => `sip:${user === undefined ? '' : `${user}@`}${host}:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`

/** The gateways of all trunks: asked by OPTIONS whether they are there, and how many calls each carries. */
export class Gateways {
  readonly #srf: Srf
  readonly #edge: EdgeConfig
  readonly #logger: Logger
  readonly #states = new Map<string, GatewayState>()
  #timer: NodeJS.Timeout | undefined

  constructor(srf: Srf, edge: EdgeConfig, logger: Logger) {
    this.#srf = srf
    this.#edge = edge
    this.#logger = logger
  }

  start(): void {
    const ask = () => {
      for (const { gateways } of this.#edge.trunks) for (const gateway of gateways) this.#ask(gateway)
    }
    ask()
    this.#timer = setInterval(ask, this.#edge.optionsMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  inOrder({ gateways }: EdgeTrunkConfig): readonly GatewayConfig[] {
    return orderOf(gateways, (id) => this.#stateOf(id), Math.random)
  }

  /** A call goes to it. @returns says once that the call has ended */
  take(id: string): () => void {
    this.#count(id, 1)
    let taken = true
    return () => {
      if (taken) this.#count(id, -1)
      taken = false
    }
  }

  /** What a call or OPTIONS has told of it. @param answer status; undefined: it was silent */
  heard(id: string, answer: number | undefined): void {
    const before = this.#stateOf(id)
    const after = heardOf(before, answer)
    this.#states.set(id, after)
    if (before.up !== after.up) this.#logger.warn({ gateway: id, up: after.up, answer: answer ?? 'none' }, 'gateway changed')
  }

  #stateOf(id: string): GatewayState {
    return this.#states.get(id) ?? unknownGateway
  }

  #count(id: string, by: number): void {
    const state = this.#stateOf(id)
    this.#states.set(id, { ...state, calls: state.calls + by })
  }

  #ask(gateway: GatewayConfig): void {
    let told = false
    const tell = (answer: number | undefined) => {
      if (!told) this.heard(gateway.id, answer)
      told = true
      clearTimeout(silent)
    }
    const silent = setTimeout(() => tell(undefined), answerMs)
    try {
      this.#srf.request(uriOf(gateway), { method: 'OPTIONS', headers: { from: '<sip:edge@localhost>', contact: '<sip:edge@localhost>' } }, (error, request) => {
        if (error || !request) tell(undefined)
        else request.on('response', ({ status }: { status: number }) => status >= 200 && tell(status))
      })
    } catch (error) {
      // drachtio-server is away: that says nothing of the gateway.
      told = true
      clearTimeout(silent)
      this.#logger.debug({ err: error }, 'not asked')
    }
  }
}
