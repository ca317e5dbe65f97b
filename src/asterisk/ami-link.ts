import { connect, type Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { AmiError } from './ami-error.ts'

const requestMs = 2_000
const pingMs = 5_000
const againMs = 1_000

/** By field; `Action` is one of them. A value that would end its line is refused. */
export type AmiAction = Readonly<Record<string, string>> & { readonly Action: string }

interface Pending {
  readonly action: string
  readonly resolve: () => void
  readonly reject: (error: AmiError) => void
  readonly timer: NodeJS.Timeout
}

/**
 * Actions of the Asterisk Manager Interface (docs, "AMI v2 Specification"): one action, one response, over a connection that
 * is kept and made again. No events: ARI tells them.
 */
export class AmiLink {
  readonly #config: Config['asterisk']
  readonly #logger: Logger
  readonly #pending = new Map<string, Pending>()
  #socket: Socket | undefined
  #up = false
  #closed = false
  #sent = 0
  #text = ''
  #again: NodeJS.Timeout | undefined
  #pings: NodeJS.Timeout | undefined

  constructor(config: Config['asterisk'], logger: Logger) {
    this.#config = config
    this.#logger = logger
  }

  get up(): boolean {
    return this.#up
  }

  start(): void {
    this.#connect()
    // A half-open connection is noticed before it is needed.
    this.#pings = setInterval(() => this.#ping(), pingMs)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#again)
    clearInterval(this.#pings)
    this.#socket?.destroy()
  }

  /**
   * All of them at once; Asterisk takes them in their order, whatever becomes of those before.
   * @throws AmiError of the first that was not done
   */
  async request(...actions: readonly AmiAction[]): Promise<void> {
    const [first] = actions
    if (!this.#up && first) throw AmiError.away(first.Action)
    await this.#send(actions)
  }

  async #send(actions: readonly AmiAction[]): Promise<void> {
    const texts = actions.map((action) => ({ action: action.Action, id: String((this.#sent += 1)), text: fieldsOf(action) }))
    const answers = texts.map(({ action, id }) => this.#answerOf(action, id))
    this.#socket?.write(texts.map(({ id, text }) => `${text}ActionID: ${id}\r\n\r\n`).join(''))
    await Promise.all(answers)
  }

  #answerOf(action: string, id: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => this.#socket?.destroy(AmiError.unanswered(action, `no answer within ${requestMs} ms`)), requestMs)
    this.#pending.set(id, { action, resolve, reject, timer })
    return promise
  }

  #connect(): void {
    const { host, amiPort: port } = this.#config
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    this.#socket = socket
    this.#text = ''
    socket.setEncoding('utf8')
    socket.on('connect', () => void this.#logIn())
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', (error) => this.#logger.warn({ err: error }, 'AMI'))
    socket.on('close', () => this.#lost())
  }

  async #logIn(): Promise<void> {
    const { username: Username, amiPassword: Secret } = this.#config
    try {
      await this.#send([{ Action: 'Login', Username, Secret, Events: 'off' }])
      this.#up = true
      this.#logger.info('connected to AMI')
    } catch (error) {
      this.#logger.error({ err: error }, 'AMI does not let us in')
      this.#socket?.destroy()
    }
  }

  #lost(): void {
    if (this.#up) this.#logger.warn('connection to AMI lost')
    this.#up = false
    for (const [id, { action }] of this.#pending) this.#settle(id)?.reject(AmiError.unanswered(action, 'the connection was lost'))
    if (!this.#closed) this.#again = setTimeout(() => this.#connect(), againMs)
  }

  #ping(): void {
    // Its failure has cut the connection, and is told by that.
    if (this.#up) this.#send([{ Action: 'Ping' }]).catch(() => undefined)
  }

  /** Responses end with an empty line; the greeting, which does not, is only the first line of the first. */
  #read(text: string): void {
    const parts = (this.#text + text).split('\r\n\r\n')
    this.#text = parts.pop() ?? ''
    for (const part of parts) this.#answered(new Map(part.split('\r\n').map((line) => fieldOf(line))))
  }

  #answered(fields: ReadonlyMap<string, string>): void {
    const pending = this.#settle(fields.get('ActionID') ?? '')
    if (!pending) return
    if (fields.get('Response') === 'Error') pending.reject(AmiError.refused(pending.action, fields.get('Message') ?? 'refused'))
    else pending.resolve()
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id)
    clearTimeout(pending?.timer)
    this.#pending.delete(id)
    return pending
  }
}

function fieldsOf(action: AmiAction): string {
  const fields = Object.entries(action)
  if (fields.some(([, value]) => /[\r\n]/.test(value))) throw AmiError.refused(action.Action, 'a value goes over the end of its line')
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}

function fieldOf(line: string): readonly [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1).trim()]
}
