/** What is used of drachtio-srf 5: its own types refuse ordinary use. */
declare module 'drachtio-srf' {
  import type { EventEmitter as NodeEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export type Headers = Record<string, string>

  export interface SipMessage {
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    get(name: string): string | undefined
    has(name: string): boolean
  }

  export interface Request extends NodeEmitter, SipMessage {
    readonly method: string
    readonly uri: string
    readonly source: 'network' | 'application'
    readonly source_address: string
    readonly source_port: number
    readonly protocol: string
    readonly socket: Socket
    /** Of an INVITE that we sent. */
    cancel(callback?: (error: Error | null) => void): void
  }

  export interface Response extends SipMessage {
    readonly status: number
    readonly reason: string
    readonly finalResponseSent: boolean
    send(status: number, options?: { headers?: Headers; body?: string }, callback?: (error: Error | null, sent?: SipMessage) => void): void
  }

  export interface Dialog extends NodeEmitter {
    readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string }
    readonly local: { sdp?: string; readonly uri: string; readonly contact: string }
    readonly remote: { sdp?: string; readonly uri: string }
    readonly req: Request
    readonly res: Response
    connected: boolean
    /** Each request in the dialog comes here. */
    handle(request: Request, response: Response): void
    request(options: { method: string; headers?: Headers; body?: string; noAck?: boolean }): Promise<Response>
    request(options: { method: string; headers?: Headers; body?: string; noAck?: boolean }, callback: (error: Error | null, response?: Response, ack?: (options?: { body?: string; headers?: Headers }) => void) => void): void
    /** BYE; of a subscription, the last NOTIFY. */
    destroy(options?: { headers?: Headers }): Promise<unknown>
  }

  type Handler = (request: Request, response: Response, next: () => void) => void

  export default class Srf extends NodeEmitter {
    connect(options: { host: string; port: number; secret: string; enablePing?: boolean; pingInterval?: number; reconnect?: { retryMaxDelay: number } }): void
    disconnect(): void
    use(method: string, handler: Handler): void
    request(uri: string, options: { method: string; headers?: Headers; body?: string }, callback: (error: Error | null, request?: Request) => void): void
    createUAS(request: Request, response: Response, options: { localSdp?: string; headers?: Headers }): Promise<Dialog>
    createUAC(
      uri: string,
      options: { localSdp?: string; headers?: Headers; proxy?: string; noAck?: boolean },
      callbacks: { cbRequest?: (error: Error | null, request?: Request) => void; cbProvisional?: (response: Response) => void },
    ): Promise<Dialog>
  }
}
