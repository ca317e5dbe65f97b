import { randomUUID } from 'node:crypto'
import { eventually } from '../../src/lab/eventually.ts'
import { type Address, addressOf, SipWire } from './drachtio/sip-wire.ts'
import { allOf, cseqOf, headerOf, methodOf, parseSip, renderSip, type SipText, statusOf, tagOf, uriIn } from './drachtio/sip-text.ts'

export interface Received {
  readonly message: SipText
  readonly from: Address
  /** `performance.now()` */
  readonly at: number
}

/** What it does with a request; nothing: silence. */
export type Answering = (request: SipText, agent: SipAgent, from: Address) => void

export const sdp = (host: string, port: number, direction = 'sendrecv', version = 1): string =>
  `v=0\r\no=- 1 ${version} IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=${direction}\r\n`

const isFinal = (answer: SipText): boolean => (statusOf(answer) ?? 0) >= 200

/** One end of a dialog of its own. */
export interface AgentDialog {
  readonly local: string
  readonly remote: string
  readonly callId: string
  readonly target: string
  readonly route: readonly string[]
}

/** A SIP user agent over UDP whose every message a test writes: an exchange, or Asterisk’s place. */
export class SipAgent {
  readonly host: string
  readonly port: number
  readonly received: Received[] = []
  answering: Answering = () => undefined
  readonly #wire: SipWire
  #sequence = 100

  constructor(host: string, port: number) {
    this.host = host
    this.port = port
    this.#wire = new SipWire(host, port, (text, from) => this.#take(text, from), () => undefined)
  }

  async start(): Promise<this> {
    await this.#wire.start()
    return this
  }

  requests(method: string): readonly SipText[] {
    return this.received.flatMap(({ message }) => (statusOf(message) === undefined && methodOf(message) === method ? [message] : []))
  }

  /** The answers to a request of ours, in their order. */
  answersTo(request: SipText): readonly SipText[] {
    return this.received.flatMap(({ message }) => (statusOf(message) !== undefined && headerOf(message, 'Call-ID') === headerOf(request, 'Call-ID') && headerOf(message, 'CSeq') === headerOf(request, 'CSeq') ? [message] : []))
  }

  /** @throws when it does not come in time */
  async untilRequest(method: string, count = 1, timeoutMs = 5_000): Promise<SipText> {
    const found = await eventually(() => Promise.resolve(this.requests(method)), ({ length }) => length >= count, timeoutMs)
    return found[count - 1] as SipText
  }

  async untilFinal(request: SipText, timeoutMs = 5_000): Promise<SipText> {
    return (await eventually(() => Promise.resolve(this.answersTo(request)), (answers) => answers.some(isFinal), timeoutMs)).find(isFinal) as SipText
  }

  sendText(text: string, to: Address): void {
    this.#wire.send(text, to)
  }

  /** A request out of a dialog. @returns it as it was sent */
  send(method: string, uri: string, to: Address, headers: Readonly<Record<string, string>> = {}, body = ''): SipText {
    const own: Record<string, string> = {
      Via: `SIP/2.0/${to.proto.toUpperCase()} ${this.host}:${this.port};branch=z9hG4bK${randomUUID()};rport`,
      From: `<sip:agent@${this.host}>;tag=${randomUUID().slice(0, 8)}`,
      To: `<${uri}>`,
      'Call-ID': randomUUID(),
      CSeq: `${++this.#sequence} ${method}`,
      'Max-Forwards': '70',
      Contact: `<sip:agent@${this.host}:${this.port}>`,
    }
    const request: SipText = { start: `${method} ${uri} SIP/2.0`, headers: Object.entries({ ...own, ...headers }), body }
    this.#wire.send(renderSip(request), to)
    return request
  }

  sendIn(dialog: AgentDialog, method: string, headers: Readonly<Record<string, string>> = {}, body = ''): SipText {
    return this.send(method, dialog.target, addressOf(dialog.route[0] === undefined ? dialog.target : uriIn(dialog.route[0])), { From: dialog.local, To: dialog.remote, 'Call-ID': dialog.callId, ...headers }, body)
  }

  respond(request: SipText, from: Address, status: string, headers: Readonly<Record<string, string>> = {}, body = '', tag = 'agent'): void {
    const to = headerOf(request, 'To')
    const response: SipText = {
      start: `SIP/2.0 ${status}`,
      headers: [
        ...allOf(request, 'Via').map((value) => ['Via', value] as const),
        ...allOf(request, 'Record-Route').map((value) => ['Record-Route', value] as const),
        ['From', headerOf(request, 'From')],
        ['To', tagOf(to) === undefined && !status.startsWith('100') ? `${to};tag=${tag}` : to],
        ['Call-ID', headerOf(request, 'Call-ID')],
        ['CSeq', headerOf(request, 'CSeq')],
        ['Contact', `<sip:agent@${this.host}:${this.port}>`],
        ...Object.entries({ ...(body.startsWith('v=0') ? { 'Content-Type': 'application/sdp' } : {}), ...headers }),
      ],
      body,
    }
    this.#wire.send(renderSip(response), from)
  }

  /** An INVITE of ours that was answered: acknowledged, and the dialog that it made. */
  accept(invite: SipText, response: SipText, body = ''): AgentDialog {
    const dialog = { local: headerOf(invite, 'From'), remote: headerOf(response, 'To'), callId: headerOf(invite, 'Call-ID'), target: uriIn(headerOf(response, 'Contact')), route: allOf(response, 'Record-Route').toReversed() }
    this.sendIn(dialog, 'ACK', { CSeq: `${cseqOf(invite).number} ACK`, ...(body === '' ? {} : { 'Content-Type': 'application/sdp' }) }, body)
    return dialog
  }

  /** The dialog of an INVITE that we have answered. */
  dialogOf(invite: SipText, tag = 'agent'): AgentDialog {
    return { local: `${headerOf(invite, 'To')};tag=${tag}`, remote: headerOf(invite, 'From'), callId: headerOf(invite, 'Call-ID'), target: uriIn(headerOf(invite, 'Contact')), route: allOf(invite, 'Record-Route') }
  }

  #take(text: string, from: Address): void {
    const message = parseSip(text)
    if (!message) return
    this.received.push({ message, from, at: performance.now() })
    if (statusOf(message) === undefined && methodOf(message) !== 'ACK') this.answering(message, this, from)
  }
}

/** Answers whatever it is asked with 200, and calls with SDP. */
export const obliging: Answering = (request, agent, from) => {
  if (methodOf(request) === 'INVITE') agent.respond(request, from, '200 OK', {}, sdp(agent.host, 4_000))
  else agent.respond(request, from, '200 OK')
}

/** Calls get this status; OPTIONS 200. */
export const refusing = (status: string): Answering => (request, agent, from) => agent.respond(request, from, methodOf(request) === 'INVITE' ? status : '200 OK')
