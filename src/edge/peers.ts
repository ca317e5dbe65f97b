import type { Config, EdgeConfig, EdgeTrunkConfig } from '../config/schema.ts'

export type GatewayConfig = EdgeTrunkConfig['gateways'][number]

/** Who may send SIP here. */
export type Peer = { readonly kind: 'asterisk' } | { readonly kind: 'gateway'; readonly trunk: EdgeTrunkConfig; readonly gateway: GatewayConfig }

/** Knows the senders by their addresses; where two share one, by the port. */
export class Peers {
  readonly #known: readonly { readonly host: string; readonly port: number; readonly peer: Peer }[]

  constructor(config: Config, edge: EdgeConfig) {
    const gateways = edge.trunks.flatMap((trunk) =>
      trunk.gateways.flatMap((gateway) => [gateway.host, ...gateway.match].map((host) => ({ host, port: gateway.port, peer: { kind: 'gateway', trunk, gateway } as const }))),
    )
    this.#known = [{ host: config.asterisk.sipHost, port: config.asterisk.sipPort, peer: { kind: 'asterisk' } }, ...gateways]
  }

  /** @returns undefined for a stranger */
  of(host: string, port: number): Peer | undefined {
    const here = this.#known.filter((one) => one.host === host)
    return (here.find((one) => one.port === port) ?? here[0])?.peer
  }
}
