import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { SipHeaders } from '../../src/lab/sip-trace.ts'
import { parseRequest, renderAnswer, renderSdp, rtpTarget, type SipRequest } from '../support/sip-message.ts'
import { type Address, branchOf, digestAnswer, newBranch, newId, parseResponse, renderRequest, type SipResponse } from '../support/sip-request.ts'

const patienceMs = 10_000
const ownTag = 'bench'

/** A call that came in. */
export interface IncomingCall {
  /** `performance.now()` in the event of the INVITE's arrival. */
  readonly at: number
  readonly headers: SipHeaders
  /** Where it wants its RTP. */
  readonly media: Address
  ring(): void
  /** @returns `performance.now()` just before the 200 OK was sent */
  answer(): number
  /** Of one that was answered; harmless when it has ended. */
  hangUp(): Promise<void>
  /** By BYE, or by CANCEL up to the ACK of its 487. */
  readonly ended: Promise<void>
}

/** A call that was made and answered. */
export interface OutgoingCall {
  readonly media: Address
  hangUp(): Promise<void>
}

interface Incoming extends IncomingCall {
  readonly invite: SipRequest
  readonly end: () => void
  cancelled: boolean
}

/**
 * A small SIP phone over UDP on loopback (RFC 3261), PCMA only, one socket. Nothing is sent again: on loopback nothing is
 * lost, and what is lost all the same ends the benchmark after 10 s.
 */
export class SipEndpoint {
  readonly #socket: Socket
  readonly #local: Address
  readonly #asterisk: Address
  readonly #sdp: string
  readonly #incoming = new Map<string, Incoming>()
  readonly #transactions = new Map<string, (response: SipResponse) => void>()
  /** ACKs of answered calls of ours, should the 200 OK come again. */
  readonly #acks = new Map<string, string>()
  #next = Promise.withResolvers<IncomingCall>()

  private constructor(socket: Socket, asterisk: Address, rtpPort: number) {
    this.#socket = socket
    const { address, port } = socket.address()
    this.#local = { host: address, port }
    this.#asterisk = asterisk
    this.#sdp = renderSdp(rtpPort)
    socket.on('message', (packet) => this.#take(performance.now(), packet.toString('utf8')))
  }

  static async open(options: { host: string; port?: number; asterisk: Address; rtpPort: number }): Promise<SipEndpoint> {
    const socket = createSocket('udp4')
    socket.bind(options.port ?? 0, options.host)
    await once(socket, 'listening')
    return new SipEndpoint(socket, options.asterisk, options.rtpPort)
  }

  /** The next call that comes in; ask before causing it. @throws Error when none comes within 10 s */
  nextCall(): Promise<IncomingCall> {
    this.#next = Promise.withResolvers<IncomingCall>()
    return inTime(this.#next.promise, 'an INVITE')
  }

  /** @throws Error when the registration is refused */
  async register(user: string, password: string): Promise<void> {
    const uri = `sip:${this.#asterisk.host}:${this.#asterisk.port}`
    const party = `<sip:${user}@${this.#asterisk.host}>`
    const fields = { method: 'REGISTER', uri, from: `${party};tag=${newId()}`, to: party, callId: newId() }
    const challenged = await this.#request({ ...fields, sequence: 1 })
    const challenge = challenged.headers['www-authenticate'] ?? ''
    const authorization = digestAnswer(challenge, { user, password, method: 'REGISTER', uri })
    const { status, text } = await this.#request({ ...fields, sequence: 2, authorization })
    if (status !== 200) throw new Error(`REGISTER was answered: ${text}`)
  }

  /** Dials a number and waits for the answer. @throws Error when it is refused */
  async call(number: string, as: string): Promise<OutgoingCall> {
    const { host, port } = this.#asterisk
    const from = `<sip:${as}@${this.#local.host}>;tag=${newId()}`
    const callId = newId()
    const uri = `sip:${number}@${host}:${port}`
    const answer = await this.#request({ method: 'INVITE', uri, from, to: `<${uri}>`, callId, sequence: 1, sdp: this.#sdp })
    const to = answer.headers['to'] ?? ''
    const remote = /<([^>]+)>/.exec(answer.headers['contact'] ?? '')?.[1] ?? uri
    const ack = renderRequest({ method: 'ACK', uri: remote, local: this.#local, branch: newBranch(), from, to, callId, sequence: 1 })
    this.#send(ack)
    const media = rtpTarget({ method: 'INVITE', ...answer })
    if (answer.status !== 200 || !media) throw new Error(`INVITE ${number} was answered: ${answer.text}`)
    this.#acks.set(callId, ack)
    const hangUp = async () => void (await this.#request({ method: 'BYE', uri: remote, from, to, callId, sequence: 2 }))
    return { media, hangUp }
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  /** @returns the final response */
  async #request(fields: Omit<Parameters<typeof renderRequest>[0], 'local' | 'branch'>): Promise<SipResponse> {
    const branch = newBranch()
    const { promise, resolve } = Promise.withResolvers<SipResponse>()
    this.#transactions.set(branch, resolve)
    this.#send(renderRequest({ ...fields, local: this.#local, branch }))
    return inTime(promise, `an answer to ${fields.method}`)
  }

  #send(message: string): void {
    this.#socket.send(message, this.#asterisk.port, this.#asterisk.host)
  }

  #take(at: number, text: string): void {
    const response = parseResponse(text)
    if (response) this.#response(response)
    const request = parseRequest(text)
    if (request) this.#requested(at, request)
  }

  #response(response: SipResponse): void {
    if (response.status < 200) return
    const branch = branchOf(response.headers)
    const resolve = this.#transactions.get(branch)
    this.#transactions.delete(branch)
    const ack = this.#acks.get(response.headers['call-id'] ?? '')
    if (resolve) resolve(response)
    else if (ack !== undefined && response.headers['cseq']?.endsWith('INVITE')) this.#send(ack)
  }

  #requested(at: number, request: SipRequest): void {
    const known = this.#incoming.get(request.headers['call-id'] ?? '')
    switch (request.method) {
      case 'INVITE':
        if (request.headers['to']?.includes(';tag=')) this.#answer(request, '200 OK', this.#sdp)
        else if (!known) this.#invited(at, request)
        return
      case 'ACK':
        if (known?.cancelled) known.end()
        return
      case 'CANCEL':
        this.#answer(request, '200 OK')
        if (!known) return
        known.cancelled = true
        this.#answer(known.invite, '487 Request Terminated')
        return
      default:
        this.#answer(request, '200 OK')
        if (request.method === 'BYE') known?.end()
    }
  }

  #invited(at: number, invite: SipRequest): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const media = rtpTarget(invite)
    if (!media) throw new Error(`an INVITE without an offer: ${invite.text}`)
    const callId = invite.headers['call-id'] ?? ''
    const call: Incoming = {
      at,
      invite,
      headers: invite.headers,
      media,
      cancelled: false,
      ring: () => this.#answer(invite, '180 Ringing'),
      answer: () => {
        const sentAt = performance.now()
        this.#answer(invite, '200 OK', this.#sdp)
        return sentAt
      },
      hangUp: async () => {
        const [from, to] = [`${invite.headers['to']};tag=${ownTag}`, invite.headers['from'] ?? '']
        const uri = /<([^>]+)>/.exec(invite.headers['contact'] ?? '')?.[1] ?? ''
        await this.#request({ method: 'BYE', uri, from, to, callId, sequence: 1 })
      },
      ended: promise,
      end: () => {
        this.#incoming.delete(callId)
        resolve()
      },
    }
    this.#incoming.set(callId, call)
    this.#next.resolve(call)
  }

  #answer(request: SipRequest, status: string, sdp?: string): void {
    const { host, port } = this.#local
    const text = renderAnswer(request, status, { toTag: ownTag, port, ...(sdp !== undefined && { sdp }) })
    // Requests of the dialog are to come to the address that this socket has.
    this.#send(text.replace(/^Contact: .*$/m, `Contact: <sip:bench@${host}:${port}>`))
  }
}

/** @throws Error when it is not settled in time */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const abort = new AbortController()
  const late = async (): Promise<never> => {
    await pause(patienceMs, undefined, { signal: abort.signal, ref: false })
    throw new Error(`${what} did not come within ${patienceMs} ms`)
  }
  try {
    return await Promise.race([promise, late()])
  } finally {
    abort.abort()
  }
}
