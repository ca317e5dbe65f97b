import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { type AriClient, connectAri, inTime } from './ari-connect.ts'
import { AriError } from './ari-error.ts'
import { AriRequests, type AriValues, isAnswer } from './ari-request.ts'
import { type AriEvent, eventFilter, isKnown } from './ari-events.ts'

const requestMs = 5_000
const pingMs = 2_000
const rebuildMs = 500

export interface AriLinkOptions {
  readonly config: Config['asterisk']
  readonly logger: Logger
  readonly onEvent: (event: AriEvent) => void
  /** The socket is (again) ours; events before this moment may be lost. */
  readonly onUp: () => void
  readonly onDown: () => void
}

/**
 * Keeps a client with a live socket: ari-client reconnects by itself (at most
 * 10 tries, up to 10 s apart); when its tries run out, or the first connection fails, a new client is built.
 */
export class AriLink {
  readonly #options: AriLinkOptions
  readonly #requests = new AriRequests(requestMs)
  #client: AriClient | undefined
  #up = false
  #closed = false
  #pinged = false
  #rebuilding: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: AriLinkOptions) {
    this.#options = options
  }

  get up(): boolean {
    return this.#up
  }

  /** Resolves after the first attempt, connected or not: the service starts also while Asterisk is away. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#ping(), pingMs)
    await this.#build()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#drop()
  }

  /** One ARI request. @throws AriError */
  async request(resource: string, operation: string, parameters: AriValues = {}): Promise<unknown> {
    const name = `${resource}.${operation}`
    const described = this.#client?._swagger.apis[resource]?.operations[operation]
    if (!described) throw AriError.away(name)
    return this.#requests.request(name, described, parameters)
  }

  async #build(): Promise<void> {
    if (this.#closed) return
    const { config, logger } = this.#options
    this.#drop()
    try {
      const client = await connectAri(config)
      if (this.#closed) return
      client.on('pong', () => (this.#pinged = false))
      client.on('APILoadError', (error) => logger.warn({ err: error }, 'ARI description could not be read'))
      client.on('WebSocketConnected', () => this.#setUp(client))
      client.on('WebSocketReconnecting', () => this.#setDown())
      client.on('WebSocketMaxRetries', () => this.#rebuildLater())
      this.#client = client
      await inTime(client.start(config.application))
    } catch (error) {
      logger.warn({ err: error }, 'Asterisk cannot be reached')
      this.#rebuildLater()
    }
  }

  #message(text: string): void {
    // Overloaded, it answers pings late, and is not away.
    this.#pinged = false
    const event = JSON.parse(text) as { type: string }
    if (isAnswer(event)) this.#requests.answered(event)
    if (!isKnown(event)) return
    if (event.type === 'ApplicationReplaced') this.#options.logger.error('another process took the Stasis application over')
    this.#options.onEvent(event)
  }

  #setUp(client: AriClient): void {
    // ari-client would make an object of every resource in every event first: 0.2 ms before each that is not wanted.
    client._ws?.removeAllListeners('message')
    client._ws?.on('message', (data) => this.#message(String(data)))
    this.#requests.attach((text) => client._ws?.send(text))
    this.#pinged = false
    this.#up = true
    this.#options.logger.info('connected to Asterisk')
    this.#chooseEvents()
    this.#options.onUp()
  }

  /** Of every channel, also before it enters the application: so a leg's ringing and failure are heard. Four fifths of the events are not sent at all. */
  #chooseEvents(): void {
    const { logger, config } = this.#options
    const applicationName = config.application
    this.request('applications', 'filter', { applicationName, filter: eventFilter }).catch((error: unknown) => {
      // What is not wanted is read and passed over.
      logger.warn({ err: error }, 'ARI events could not be filtered')
    })
    // Not to endpoints: each event of a channel in the application would come twice.
    this.request('applications', 'subscribe', { applicationName, eventSource: 'channel:' }).catch((error: unknown) => {
      logger.error({ err: error }, 'the events of channels are not to be had; connecting again')
      this.#client?._ws?.terminate()
    })
  }

  #setDown(): void {
    if (!this.#up) return
    this.#requests.attach(undefined)
    this.#up = false
    this.#options.logger.warn('connection to Asterisk lost')
    this.#options.onDown()
  }

  /** A half-open socket answers no ping: cut it, which starts ari-client's own reconnect. */
  #ping(): void {
    if (!this.#up) return
    if (this.#pinged) {
      this.#options.logger.warn('Asterisk answers no ping')
      this.#client?._ws?.terminate()
      return
    }
    this.#pinged = true
    this.#client?.ping()
  }

  #rebuildLater(): void {
    this.#setDown()
    if (this.#closed || this.#rebuilding) return
    this.#rebuilding = setTimeout(() => {
      this.#rebuilding = undefined
      void this.#build()
    }, rebuildMs).unref()
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    this.#requests.attach(undefined)
    if (!client) return
    client.removeAllListeners()
    if (client._ws) client.stop()
  }
}
