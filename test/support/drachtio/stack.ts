import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Address, addressOf, SipWire } from './sip-wire.ts'
import { allOf, cseqOf, headerOf, methodOf, parseSip, renderSip, type SipText, statusOf, tagOf, uriIn } from './sip-text.ts'
import { type ServerTransaction, Transactions } from './transactions.ts'
import { ApplicationPort, type ApplicationRequest } from './wire-protocol.ts'

interface Dialog {
  readonly id: string
  readonly application: Socket
  readonly callId: string
  /** With their tags. */
  readonly local: string
  readonly remote: string
  readonly route: readonly string[]
  target: string
  sequence: number
  /** Of the last INVITE that we sent: its transaction, and its number for the ACK. */
  invited: { branch: string; number: number } | undefined
}

export interface StackOptions {
  readonly host: string
  readonly port: number
  readonly adminPort: number
  readonly secret: string
}

/** What an application may not say in a message. */
const dialogHeaders = /^(via|call-id|cseq|content-length|route|record-route)$/i
const localised = /^(from|to|contact|p-asserted-identity)$/i
/** Answered in the application’s name where no call is there, as drachtio-server does. */
const withoutDialog = new Set(['BYE', 'UPDATE', 'PRACK'])
const methods = new Set(['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'REGISTER', 'INFO', 'UPDATE', 'PRACK', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'PUBLISH'])
const unheard = new Set(['REFER'])

/** A SIP stack that an application drives as it drives drachtio-server: the same wire protocol, and SIP over UDP and TCP. */
export class DrachtioDouble {
  readonly #own: string
  readonly #wire: SipWire
  readonly #transactions: Transactions
  readonly #port: ApplicationPort
  readonly #options: StackOptions
  readonly #dialogs = new Map<string, Dialog>()
  readonly #servers = new Map<string, { readonly transaction: ServerTransaction; readonly application: Socket; readonly dialog?: Dialog }>()
  readonly #clients = new Map<string, { readonly branch: string; readonly application: Socket }>()

  constructor(options: StackOptions) {
    this.#options = options
    this.#own = `${options.host}:${options.port}`
    this.#wire = new SipWire(options.host, options.port, (text, from) => this.#received(text, from), (to) => this.#transactions.failed(to))
    this.#transactions = new Transactions(this.#wire, this.#own)
    this.#port = new ApplicationPort(options.secret, `udp/${this.#own}`, (request, application) => this.#asked(request, application))
  }

  async start(): Promise<void> {
    await this.#wire.start()
    await this.#port.listen('127.0.0.1', this.#options.adminPort)
  }

  #received(text: string, from: Address): void {
    const message = parseSip(text)
    if (!message) return
    if (statusOf(message) !== undefined) return this.#transactions.responded(message)
    const method = methodOf(message)
    const fault = faultOf(message)
    // What cannot be answered, and what is no method that it knows, is not.
    if (headerOf(message, 'Via') === '' || /;\s*;/.test(headerOf(message, 'Via')) || headerOf(message, 'Call-ID') === '' || !methods.has(method)) return
    if (method === 'ACK') return this.#acknowledged(message, from, text)
    if (method === 'CANCEL') return this.#cancelled(message, from, text)
    const transaction = this.#transactions.received(message, from)
    if (!transaction) return
    const answer = (status: string) => void this.#transactions.respond(transaction, status)
    if (fault !== undefined) return answer(fault)
    const dialog = this.#dialogOf(message)
    if (dialog) return this.#inDialog(dialog, transaction, text)
    if (withoutDialog.has(method)) return answer('481 Call Leg/Transaction Does Not Exist')
    if (unheard.has(method)) return
    const application = this.#port.applicationFor(method)
    if (!application) return answer('503 Service Unavailable')
    if (method === 'INVITE') answer('100 Trying')
    this.#servers.set(transaction.id, { transaction, application })
    this.#tell(application, text, from, transaction.id, '')
  }

  #inDialog(dialog: Dialog, transaction: ServerTransaction, text: string): void {
    const { request } = transaction
    const contact = headerOf(request, 'Contact')
    if (contact !== '' && /^(INVITE|UPDATE|SUBSCRIBE)$/.test(methodOf(request))) dialog.target = uriIn(contact)
    if (methodOf(request) === 'INVITE') this.#transactions.respond(transaction, '100 Trying')
    this.#servers.set(transaction.id, { transaction, application: dialog.application, dialog })
    this.#tell(dialog.application, text, transaction.from, transaction.id, dialog.id)
  }

  #acknowledged(ack: SipText, from: Address, text: string): void {
    const invite = this.#transactions.invitedBy(ack)
    if (!invite) return
    this.#transactions.acknowledged(invite)
    const dialog = this.#dialogOf(ack)
    if (dialog && invite.status < 300) this.#tell(dialog.application, text, from, randomUUID(), dialog.id)
  }

  #cancelled(cancel: SipText, from: Address, text: string): void {
    const transaction = this.#transactions.received(cancel, from)
    if (!transaction) return
    const invite = this.#transactions.invitedBy(cancel)
    const known = invite && this.#servers.get(invite.id)
    if (!invite || !known || invite.status >= 200) return void this.#transactions.respond(transaction, '481 Call Leg/Transaction Does Not Exist')
    this.#transactions.respond(transaction, '200 OK')
    this.#transactions.respond(invite, '487 Request Terminated')
    this.#tell(known.application, text, from, invite.id, '')
  }

  #asked(request: ApplicationRequest, application: Socket): void {
    const message = parseSip(request.sip.includes('\r\n\r\n') ? request.sip : `${request.sip}\r\n\r\n`)
    const refused = (reason: string) => this.#port.reply(application, request.id, `NOK|${reason}`)
    if (!message) return refused('invalid message')
    if (statusOf(message) !== undefined) return this.#respond(request, message, application, refused)
    if (methodOf(message) === 'CANCEL') return this.#cancel(request, application, refused)
    if (request.dialog !== '') return this.#requestInDialog(request, message, application, refused)
    this.#request(request, message, application)
  }

  #respond(request: ApplicationRequest, message: SipText, application: Socket, refused: (reason: string) => void): void {
    const known = this.#servers.get(request.transaction)
    if (!known || known.transaction.status >= 200) return refused('unknown sip transaction')
    const { transaction, dialog } = known
    const method = methodOf(transaction.request)
    const status = statusOf(message) ?? 0
    const own = headerOf(message, 'Contact') !== '' || status === 100 || !/^(INVITE|SUBSCRIBE)$/.test(method) ? [] : [['Contact', `<sip:${this.#own}>`] as const]
    const said = this.#said(message).filter(([name]) => !/^(from|to)$/i.test(name))
    const sent = this.#transactions.respond(transaction, message.start.slice(8), [...own, ...said], message.body)
    let made = dialog
    if (!dialog && /^(INVITE|SUBSCRIBE)$/.test(method) && status > 100 && status < 300) {
      made = this.#dialogs.get(transaction.id) ?? {
        id: transaction.id,
        application,
        callId: headerOf(sent, 'Call-ID'),
        local: headerOf(sent, 'To'),
        remote: headerOf(sent, 'From'),
        route: allOf(transaction.request, 'Record-Route'),
        target: uriIn(headerOf(transaction.request, 'Contact')),
        sequence: 1,
        invited: undefined,
      }
      this.#dialogs.set(made.id, made)
    }
    if (method === 'BYE' && dialog) this.#forget(dialog)
    this.#port.reply(application, request.id, `OK|${echo('application', sent, transaction.from, transaction.id, made?.id ?? '')}`)
  }

  #cancel(request: ApplicationRequest, application: Socket, refused: (reason: string) => void): void {
    const known = this.#clients.get(request.transaction)
    if (!known) return refused(`unable to cancel unknown transaction id: ${request.transaction}`)
    this.#transactions.cancel(known.branch)
    this.#port.reply(application, request.id, `OK|${echo('application', { start: `CANCEL sip:x SIP/2.0`, headers: [['Call-ID', 'x']], body: '' }, { proto: 'udp', host: '', port: 0 }, randomUUID(), 'Msg sent:')}`)
  }

  #requestInDialog(request: ApplicationRequest, message: SipText, application: Socket, refused: (reason: string) => void): void {
    const dialog = this.#dialogs.get(request.dialog)
    if (!dialog) return refused('unable to find dialog for dialog id provided')
    const method = methodOf(message)
    if (message.body !== '' && headerOf(message, 'Content-Type') === '' && !message.body.startsWith('v=0')) return refused('missing content-type')
    const number = method === 'ACK' ? (dialog.invited?.number ?? 0) : ++dialog.sequence
    const contact = /^(INVITE|UPDATE|REFER|SUBSCRIBE)$/.test(method) && headerOf(message, 'Contact') === '' ? [['Contact', `<sip:${this.#own}>`] as const] : []
    const sent: SipText = {
      start: `${method} ${dialog.target} SIP/2.0`,
      headers: [...dialog.route.map((value) => ['Route', value] as const), ['From', dialog.local], ['To', dialog.remote], ['Call-ID', dialog.callId], ['CSeq', `${number} ${method}`], ['Max-Forwards', '70'], ...contact, ...this.#said(message).filter(([name]) => !/^(from|to|max-forwards)$/i.test(name))],
      body: message.body,
    }
    const transaction = request.transaction || randomUUID()
    const to = addressOf(dialog.route[0] === undefined ? dialog.target : uriIn(dialog.route[0]))
    const branch = this.#transactions.send(sent, to, (response) => {
      const [status, contactBack] = [statusOf(response) ?? 0, headerOf(response, 'Contact')]
      if (method === 'INVITE' && status >= 200 && status < 300 && contactBack !== '') dialog.target = uriIn(contactBack)
      if ((method === 'BYE' && status >= 200) || (method === 'NOTIFY' && status >= 200 && /terminated/.test(headerOf(sent, 'Subscription-State')) && headerOf(sent, 'Event') === 'conference')) this.#forget(dialog)
      this.#tell(application, renderSip(response), to, transaction, dialog.id)
    })
    if (method === 'INVITE') dialog.invited = { branch, number }
    if (method === 'ACK' && dialog.invited) this.#transactions.keepAck(dialog.invited.branch, tagOf(dialog.remote) ?? '', renderSip(sent))
    this.#clients.set(transaction, { branch, application })
    this.#port.reply(application, request.id, `OK|${echo('application', sent, to, transaction, 'Msg sent:')}`)
  }

  #request(request: ApplicationRequest, message: SipText, application: Socket): void {
    const [method = '', uri = ''] = message.start.split(' ')
    const said = this.#said(message)
    const sent: SipText = {
      start: `${method} ${uri} SIP/2.0`,
      headers: [
        ['From', `${headerOf({ ...message, headers: said }, 'From') || `<sip:${this.#own}>`};tag=${randomUUID().slice(0, 13)}`],
        ['To', headerOf({ ...message, headers: said }, 'To') || `<${uri}>`],
        ['Call-ID', randomUUID()],
        ['CSeq', `1 ${method}`],
        ...(headerOf(message, 'Max-Forwards') === '' ? [['Max-Forwards', '70'] as const] : []),
        ...(headerOf(message, 'Contact') === '' ? [['Contact', `<sip:${this.#own}>`] as const] : []),
        ...said.filter(([name]) => !/^(from|to)$/i.test(name)),
      ],
      body: message.body,
    }
    const transaction = randomUUID()
    const to = addressOf(request.proxy || uri)
    const dialogId = randomUUID()
    const branch = this.#transactions.send(sent, to, (response) => {
      const tag = tagOf(headerOf(response, 'To'))
      const status = statusOf(response) ?? 0
      if (/^(INVITE|SUBSCRIBE)$/.test(method) && tag !== undefined && status > 100 && status < 300) {
        this.#dialogs.set(dialogId, {
          id: dialogId,
          application,
          callId: headerOf(sent, 'Call-ID'),
          local: headerOf(sent, 'From'),
          remote: headerOf(response, 'To'),
          route: allOf(response, 'Record-Route').toReversed(),
          target: uriIn(headerOf(response, 'Contact')) || uri,
          sequence: 1,
          invited: { branch, number: 1 },
        })
      }
      this.#tell(application, renderSip(response), to, transaction, /^(INVITE|SUBSCRIBE)$/.test(method) ? dialogId : '')
    })
    this.#clients.set(transaction, { branch, application })
    this.#port.reply(application, request.id, `OK|${echo('application', sent, to, transaction, 'Msg sent:')}`)
  }

  /** What the application says of its own; a host that it cannot know is filled in. */
  #said(message: SipText): SipText['headers'] {
    const type = message.body.startsWith('v=0') && headerOf(message, 'Content-Type') === '' ? [['Content-Type', 'application/sdp'] as const] : []
    return [...message.headers.filter(([name]) => !dialogHeaders.test(name)).map(([name, value]) => [name, localised.test(name) ? value.replace('@localhost', `@${this.#own}`) : value] as const), ...type]
  }

  #dialogOf(request: SipText): Dialog | undefined {
    const tag = tagOf(headerOf(request, 'To'))
    const [callId, from] = [headerOf(request, 'Call-ID'), tagOf(headerOf(request, 'From'))]
    return tag === undefined ? undefined : [...this.#dialogs.values()].find((one) => one.callId === callId && tagOf(one.local) === tag && tagOf(one.remote) === from)
  }

  #forget(dialog: Dialog): void {
    this.#dialogs.delete(dialog.id)
  }

  #tell(application: Socket, text: string, { proto, host, port }: Address, transaction: string, dialog: string): void {
    this.#port.tell(application, `sip|network|${Buffer.byteLength(text)}|${proto}|${host}|${port}|${clock()}|${transaction}|${dialog}|\r\n${text}`)
  }
}

const clock = (): string => new Date().toISOString().slice(11, 23)

const echo = (source: string, sent: SipText, { proto, host, port }: Address, transaction: string, last: string): string =>
  `${source}|${Buffer.byteLength(sent.body)}|${proto}|${host}|${port}|${clock()}|${transaction}|${last}|\r\n${renderSip(sent)}`

/** @returns how what cannot be understood is refused (RFC 3261 §8.2, §18.3) */
function faultOf(request: SipText): string | undefined {
  const bad = '400 Bad Request'
  if (request.start.split(' ')[1]?.startsWith('<')) return bad
  if (!request.start.endsWith('SIP/2.0')) return '505 SIP Version Not Supported'
  const { number, method } = cseqOf(request)
  const [from, to, callId] = ['From', 'To', 'Call-ID'].map((name) => headerOf(request, name))
  if (!from || !to || !callId || !Number.isInteger(number) || number < 0 || number >= 2 ** 31 || method !== methodOf(request)) return bad
  if (![from, to].every((value) => /^("(?:[^"\\]|\\.)*"|[^<>"]*)\s*<[^<>\s]+>|^[a-z][a-z0-9+.-]*:\S+/i.test(value))) return bad
  const length = headerOf(request, 'Content-Length')
  if (length !== '' && (!/^\d+$/.test(length) || Number(length) > Buffer.byteLength(request.body))) return bad
  return undefined
}
