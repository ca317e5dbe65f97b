import { randomUUID } from 'node:crypto'
import type { Address, SipWire } from './sip-wire.ts'
import { allOf, cseqOf, headerOf, methodOf, parseSip, renderSip, type SipText, statusOf, tagOf } from './sip-text.ts'

/** RFC 3261 §17: T1 and 64 × T1, ms. */
const t1 = 500
const patienceMs = 64 * t1

export interface ServerTransaction {
  readonly id: string
  readonly request: SipText
  readonly from: Address
  readonly tag: string
  /** The last answer, again for whoever asks again. */
  sent?: string
  status: number
  repeat?: NodeJS.Timeout
}

interface ClientTransaction {
  readonly request: SipText
  readonly to: Address
  readonly answered: (response: SipText) => void
  provisional: boolean
  cancelled: boolean
  /** Sent again for the last answer, by its tag. */
  acks: Map<string, string>
  done: boolean
  timers: NodeJS.Timeout[]
}

/** Transactions over UDP and TCP (RFC 3261 §17). */
export class Transactions {
  readonly #wire: SipWire
  readonly #own: string
  readonly #servers = new Map<string, ServerTransaction>()
  readonly #clients = new Map<string, ClientTransaction>()

  constructor(wire: SipWire, own: string) {
    this.#wire = wire
    this.#own = own
  }

  /** @returns undefined where it was asked before, and has been answered again */
  received(request: SipText, from: Address): ServerTransaction | undefined {
    const key = serverKey(request, methodOf(request))
    const known = this.#servers.get(key)
    if (known) {
      if (known.sent !== undefined) this.#wire.send(known.sent, known.from)
      return undefined
    }
    const transaction: ServerTransaction = { id: randomUUID(), request, from, tag: randomUUID().slice(0, 13), status: 0 }
    this.#servers.set(key, transaction)
    setTimeout(() => this.#servers.delete(key), 2 * patienceMs).unref()
    return transaction
  }

  /** The INVITE that a CANCEL or ACK is about. */
  invitedBy(request: SipText): ServerTransaction | undefined {
    return this.#servers.get(serverKey(request, 'INVITE')) ?? [...this.#servers.values()].find((one) => methodOf(one.request) === 'INVITE' && headerOf(one.request, 'Call-ID') === headerOf(request, 'Call-ID') && cseqOf(one.request).number === cseqOf(request).number)
  }

  /** @returns what was sent */
  respond(transaction: ServerTransaction, status: string, headers: SipText['headers'] = [], body = ''): SipText {
    const { request, from, tag } = transaction
    transaction.status = Number(status.slice(0, 3))
    const [via = '', ...vias] = allOf(request, 'Via')
    const to = headerOf(request, 'To')
    const response: SipText = {
      start: `SIP/2.0 ${status}`,
      headers: [
        ['Via', `${via};received=${from.host};rport=${from.port}`.replace(/;rport(?=[;,]|$)/, '')],
        ...vias.map((value) => ['Via', value] as const),
        ...allOf(request, 'Record-Route').map((value) => ['Record-Route', value] as const),
        ['From', headerOf(request, 'From')],
        ['To', tagOf(to) === undefined && transaction.status > 100 ? `${to};tag=${tag}` : to],
        ['Call-ID', headerOf(request, 'Call-ID')],
        ['CSeq', headerOf(request, 'CSeq')],
        ...headers,
      ],
      body,
    }
    transaction.sent = renderSip(response)
    this.#wire.send(transaction.sent, from)
    if (methodOf(request) === 'INVITE' && transaction.status >= 200) this.#repeat(transaction, t1)
    return response
  }

  /** The ACK has come. */
  acknowledged(transaction: ServerTransaction): void {
    clearTimeout(transaction.repeat)
  }

  /** @param request without a Via @returns its branch */
  send(request: SipText, to: Address, answered: (response: SipText) => void): string {
    const branch = `z9hG4bK${randomUUID()}`
    const whole: SipText = { ...request, headers: [['Via', `SIP/2.0/${to.proto.toUpperCase()} ${this.#own};branch=${branch};rport`], ...request.headers] }
    const transaction: ClientTransaction = { request: whole, to, answered, provisional: false, cancelled: false, acks: new Map(), done: false, timers: [] }
    const text = renderSip(whole)
    this.#wire.send(text, to)
    if (methodOf(request) === 'ACK') return branch
    this.#clients.set(branch, transaction)
    const again = (ms: number) => {
      const timer = setTimeout(() => {
        if (transaction.provisional || transaction.done) return
        this.#wire.send(text, to)
        again(ms * 2)
      }, ms)
      transaction.timers.push(timer)
    }
    if (to.proto === 'udp') again(t1)
    transaction.timers.push(setTimeout(() => !transaction.provisional && this.#fail(transaction, '408 Request Timeout'), patienceMs))
    return branch
  }

  /** Before anything has been heard of the INVITE, it waits (RFC 3261 §9.1). */
  cancel(branch: string): void {
    const transaction = this.#clients.get(branch)
    if (!transaction || transaction.done) return
    transaction.cancelled = true
    if (transaction.provisional) this.#sendCancel(transaction)
  }

  responded(response: SipText): void {
    const branch = /branch=([^;,\s]+)/.exec(headerOf(response, 'Via'))?.[1] ?? ''
    const transaction = this.#clients.get(branch)
    const status = statusOf(response) ?? 0
    if (!transaction || cseqOf(response).method !== methodOf(transaction.request)) return
    const tag = tagOf(headerOf(response, 'To')) ?? ''
    const ack = transaction.acks.get(tag)
    if (ack !== undefined) return this.#wire.send(ack, transaction.to)
    if (transaction.done) return
    transaction.provisional = true
    if (status < 200 && transaction.cancelled) this.#sendCancel(transaction)
    if (status >= 300 && methodOf(transaction.request) === 'INVITE') this.#acknowledge(transaction, response, tag)
    if (status >= 200) this.#end(branch, transaction)
    transaction.answered(response)
  }

  /** The ACK of a 2xx, for when the 2xx comes again. */
  keepAck(branch: string, tag: string, ack: string): void {
    this.#clients.get(branch)?.acks.set(tag, ack)
  }

  /** Nobody is there. */
  failed({ host, port }: Address): void {
    for (const transaction of this.#clients.values()) if (!transaction.done && transaction.to.proto === 'tcp' && transaction.to.host === host && transaction.to.port === port) this.#fail(transaction, '503 Service Unavailable')
  }

  #fail(transaction: ClientTransaction, status: string): void {
    if (transaction.done) return
    transaction.done = true
    const response = parseSip(`SIP/2.0 ${status}\r\n${transaction.request.headers.filter(([name]) => /^(via|from|to|call-id|cseq)$/i.test(name)).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`)
    if (response) transaction.answered(response)
  }

  #end(branch: string, transaction: ClientTransaction): void {
    transaction.done = true
    for (const timer of transaction.timers) clearTimeout(timer)
    setTimeout(() => this.#clients.delete(branch), patienceMs).unref()
  }

  #acknowledge({ request, to, acks }: ClientTransaction, response: SipText, tag: string): void {
    const ack = renderSip({ start: request.start.replace(/^INVITE/, 'ACK'), headers: [...kept(request, ['Via', 'From']), ['To', headerOf(response, 'To')], ...kept(request, ['Call-ID', 'Route', 'Max-Forwards']), ['CSeq', `${cseqOf(request).number} ACK`]], body: '' })
    acks.set(tag, ack)
    this.#wire.send(ack, to)
  }

  #sendCancel(transaction: ClientTransaction): void {
    transaction.cancelled = false
    const { request, to } = transaction
    this.#wire.send(renderSip({ start: request.start.replace(/^INVITE/, 'CANCEL'), headers: [...kept(request, ['Via', 'From', 'To', 'Call-ID', 'Route', 'Max-Forwards']), ['CSeq', `${cseqOf(request).number} CANCEL`]], body: '' }), to)
  }

  #repeat(transaction: ServerTransaction, ms: number): void {
    if (transaction.from.proto === 'tcp' && transaction.status >= 300) return
    transaction.repeat = setTimeout(() => {
      if (ms > patienceMs / 2 || transaction.sent === undefined) return
      this.#wire.send(transaction.sent, transaction.from)
      this.#repeat(transaction, Math.min(ms * 2, 4_000))
    }, ms)
    transaction.repeat.unref()
  }
}

const kept = (message: SipText, names: readonly string[]): SipText['headers'] => names.flatMap((name) => allOf(message, name).map((value) => [name, value] as const))

/** RFC 3261 §17.2.3. */
function serverKey(request: SipText, method: string): string {
  const via = headerOf(request, 'Via')
  const branch = /branch=([^;,\s]+)/.exec(via)?.[1] ?? `${headerOf(request, 'Call-ID')} ${cseqOf(request).number}`
  return `${branch} ${/^SIP\/2\.0\/\w+\s+([^;]+)/.exec(via)?.[1] ?? ''} ${method}`
}
