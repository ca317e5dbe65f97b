import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { eventually } from '../../src/lab/eventually.ts'
import type { DeskCall, Lamp } from './desk-call.ts'
import { openRtpTone, type RtpTone, telephoneEvent } from './rtp-tone.ts'
import { parseRequest, renderAnswer, rtpTarget, type SipRequest } from './sip-message.ts'
import { type Address, branchOf, digestAnswer, newBranch, newId, parseResponse, renderRequest, type RequestFields, type SipResponse } from './sip-request.ts'

const host = '127.0.0.1'
type Media = 'sendrecv' | 'sendonly'

interface Dialog {
  readonly tone: RtpTone
  readonly callId: string
  from: string
  to: string
  target: string
  sequence: number
  state: DeskCall['state']
  status: number | undefined
  invite: SipRequest | undefined
  readonly progress: number[]
}

export interface DeskPhoneOptions {
  readonly user: string
  readonly password: string
  readonly asterisk: Address
  readonly toneHz: number
  /** It offers telephone events (RFC 4733); false: its keys go by INFO alone. */
  readonly events?: boolean
}

/** A SIP desk phone with several lines, the keys that baresip lacks (REFER, INFO, lamps), and a tone as its microphone. On loopback: nothing is sent twice. */
export class DeskPhone {
  readonly #socket: Socket
  readonly #options: DeskPhoneOptions
  readonly #calls = new Map<string, Dialog>()
  readonly #lamps = new Map<string, string[]>()
  readonly #transactions = new Map<string, (response: SipResponse) => void>()
  readonly #incoming: DeskCall[] = []

  private constructor(socket: Socket, options: DeskPhoneOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('message', (packet) => this.#take(packet.toString('utf8')))
  }

  /** Registered when it resolves. */
  static async open(options: DeskPhoneOptions): Promise<DeskPhone> {
    const socket = createSocket('udp4')
    socket.bind(0, host)
    await once(socket, 'listening')
    const phone = new DeskPhone(socket, options)
    const uri = `sip:${options.asterisk.host}:${options.asterisk.port}`
    const party = `<sip:${options.user}@${options.asterisk.host}>`
    const { status, text } = await phone.#authorised({ method: 'REGISTER', uri, from: `${party};tag=${newId()}`, to: party, callId: newId(), sequence: 1 })
    if (status !== 200) throw new Error(`REGISTER was answered: ${text}`)
    return phone
  }

  /** The next call that rings and was not asked for yet. */
  async incoming(): Promise<DeskCall> {
    const call = (await eventually(() => this.#incoming.find(({ state }) => state === 'ringing'), (found) => found !== undefined)) as DeskCall
    this.#incoming.splice(0, this.#incoming.indexOf(call) + 1)
    return call
  }

  /** Dials an extension; resolves when the INVITE has been sent. */
  async dial(extension: string): Promise<DeskCall> {
    const { asterisk, user } = this.#options
    const uri = `sip:${extension}@${asterisk.host}:${asterisk.port}`
    const tag = `<sip:${user}@${asterisk.host}>;tag=${newId()}`
    const dialog = await this.#dialog({ callId: newId(), from: tag, to: `<${uri}>`, target: uri })
    const answered = (answer: SipResponse) => this.#answered(dialog, answer)
    void this.#authorised({ method: 'INVITE', uri, from: dialog.from, to: dialog.to, callId: dialog.callId, sequence: 1, sdp: this.#sdp(dialog) }).then(answered)
    return this.#call(dialog)
  }

  /** Watches an extension's hint (RFC 4235, as BLF keys do). */
  async lamp(extension: string): Promise<Lamp> {
    const { asterisk, user } = this.#options
    const [callId, uri] = [newId(), `sip:${extension}@${asterisk.host}:${asterisk.port}`]
    const states: string[] = []
    this.#lamps.set(callId, states)
    const more = ['Event: dialog', 'Accept: application/dialog-info+xml', 'Expires: 600']
    const { status, text } = await this.#authorised({ method: 'SUBSCRIBE', uri, from: `<sip:${user}@${asterisk.host}>;tag=${newId()}`, to: `<${uri}>`, callId, sequence: 1, more })
    if (status !== 200) throw new Error(`SUBSCRIBE ${extension} was answered: ${text}`)
    return { states }
  }

  async close(): Promise<void> {
    for (const dialog of this.#calls.values()) this.#end(dialog)
    this.#calls.clear()
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #call(dialog: Dialog): DeskCall {
    const within = (method: string, more: Partial<RequestFields> = {}) => {
      dialog.sequence += 1
      return this.#request({ method, uri: dialog.target, from: dialog.from, to: dialog.to, callId: dialog.callId, sequence: dialog.sequence, ...more })
    }
    const options = this.#options
    return {
      get state() {
        return dialog.state
      },
      get rings() {
        return tagOf(dialog.to) !== ''
      },
      get status() {
        return dialog.status
      },
      callId: dialog.callId,
      progress: dialog.progress,
      answer: () => {
        const { invite } = dialog
        if (!invite) throw new Error('it rang nowhere')
        this.#reply(invite, '200 OK', this.#sdp(dialog))
        this.#sendTone(dialog, invite)
        dialog.state = 'up'
      },
      hangUp: async () => {
        if (dialog.state === 'up') await within('BYE')
        else if (dialog.state === 'ringing' && dialog.invite) this.#reply(dialog.invite, '486 Busy Here')
        else if (dialog.state === 'ringing') this.#send(renderRequest({ ...this.#cancelled(dialog) }))
        this.#end(dialog)
      },
      hold: async (on) => {
        const { status } = await within('INVITE', { sdp: this.#sdp(dialog, on ? 'sendonly' : 'sendrecv') })
        if (status !== 200) throw new Error(`hold was answered ${status}`)
        this.#send(renderRequest({ ...this.#base(dialog), method: 'ACK', branch: newBranch() }))
      },
      press: (digit) => dialog.tone.press(digit),
      info: async (digit) => (await within('INFO', { body: { type: 'application/dtmf-relay', text: `Signal=${digit}\r\nDuration=160\r\n` } })).status,
      refer: async (to, more = []) => {
        const { asterisk, user } = options
        const other = typeof to === 'string' ? undefined : this.#calls.get(to.callId)
        const replaces = other && `?Replaces=${encodeURIComponent(`${other.callId};to-tag=${tagOf(other.to)};from-tag=${tagOf(other.from)}`)}`
        const uri = other ? other.target.replace(/;.*$/u, '') : `sip:${typeof to === 'string' ? to : ''}@${asterisk.host}:${asterisk.port}`
        return (await within('REFER', { more: [`Refer-To: <${uri}${replaces ?? ''}>`, `Referred-By: <sip:${user}@${asterisk.host}>`, ...more] })).status
      },
    }
  }

  #base(dialog: Dialog): Omit<RequestFields, 'branch' | 'method'> & { local: Address } {
    return { uri: dialog.target, local: this.#local, from: dialog.from, to: dialog.to, callId: dialog.callId, sequence: dialog.sequence }
  }

  #branches = new Map<string, string>()

  #cancelled(dialog: Dialog): RequestFields {
    const to = dialog.to.replace(/;tag=.*$/, '')
    return { ...this.#base(dialog), to, uri: /<([^>]+)>/.exec(to)?.[1] ?? '', method: 'CANCEL', branch: this.#branches.get(dialog.callId) ?? '' }
  }

  async #dialog(of: Pick<Dialog, 'callId' | 'from' | 'to' | 'target'>, invite?: SipRequest): Promise<Dialog> {
    const dialog: Dialog = { ...of, tone: await openRtpTone(this.#options.toneHz), sequence: invite ? 0 : 1, state: 'ringing', status: undefined, invite, progress: [] }
    this.#calls.set(of.callId, dialog)
    return dialog
  }

  #answered(dialog: Dialog, answer: SipResponse): void {
    dialog.status = answer.status
    dialog.to = answer.headers['to'] ?? dialog.to
    dialog.sequence = Number(answer.headers['cseq']?.split(' ')[0] ?? 1)
    dialog.target = /<([^>]+)>/.exec(answer.headers['contact'] ?? '')?.[1] ?? dialog.target
    if (answer.status !== 200) return this.#end(dialog)
    this.#send(renderRequest({ ...this.#base(dialog), method: 'ACK', branch: newBranch() }))
    this.#sendTone(dialog, { method: 'INVITE', headers: answer.headers, text: answer.text })
    dialog.state = 'up'
  }

  #sendTone(dialog: Dialog, described: SipRequest): void {
    const target = rtpTarget(described)
    if (target) dialog.tone.sendTo(target)
  }

  #end(dialog: Dialog): void {
    if (dialog.state === 'ended') return
    dialog.state = 'ended'
    dialog.tone.stop()
  }

  get #local(): Address {
    return { host, port: this.#socket.address().port }
  }

  #sdp({ tone }: Dialog, media: Media = 'sendrecv'): string {
    const events = this.#options.events ?? true
    const lines = ['v=0', `o=desk 1 ${media === 'sendonly' ? 2 : 1} IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', `m=audio ${tone.port} RTP/AVP 8${events ? ` ${telephoneEvent}` : ''}`, 'a=rtpmap:8 PCMA/8000']
    return `${[...lines, ...(events ? [`a=rtpmap:${telephoneEvent} telephone-event/8000`, `a=fmtp:${telephoneEvent} 0-16`] : []), `a=${media}`].join('\r\n')}\r\n`
  }

  async #authorised(fields: Omit<RequestFields, 'local' | 'branch'>): Promise<SipResponse> {
    const first = await this.#request(fields)
    const challenge = first.headers['www-authenticate']
    if (first.status !== 401 || challenge === undefined) return first
    if (fields.method === 'INVITE') this.#send(renderRequest({ ...fields, to: first.headers['to'] ?? fields.to, method: 'ACK', local: this.#local, branch: branchOf(first.headers), user: this.#options.user }).replace(/Content-Type[\s\S]*/, 'Content-Length: 0\r\n\r\n'))
    const authorization = digestAnswer(challenge, { user: this.#options.user, password: this.#options.password, method: fields.method, uri: fields.uri })
    return this.#request({ ...fields, sequence: fields.sequence + 1, authorization })
  }

  /** @returns the final response */
  async #request(fields: Omit<RequestFields, 'local' | 'branch'>): Promise<SipResponse> {
    const branch = newBranch()
    if (fields.method === 'INVITE') this.#branches.set(fields.callId, branch)
    const { promise, resolve, reject } = Promise.withResolvers<SipResponse>()
    this.#transactions.set(branch, resolve)
    this.#send(renderRequest({ user: this.#options.user, ...fields, local: this.#local, branch }))
    const late = fields.method === 'INVITE' ? undefined : setTimeout(() => reject(new Error(`${fields.method} was not answered`)), 5_000)
    return promise.finally(() => clearTimeout(late))
  }

  #send(message: string): void {
    this.#socket.send(message, this.#options.asterisk.port, this.#options.asterisk.host)
  }

  #take(text: string): void {
    const response = parseResponse(text)
    const early = response && response.status > 100 && response.status < 200 ? this.#calls.get(response.headers['call-id'] ?? '') : undefined
    // An early dialog (RFC 3261 §12.1): its tag may be in a Replaces.
    if (early && response) early.to = response.headers['to'] ?? early.to
    if (response && response.status >= 200) {
      const branch = branchOf(response.headers)
      this.#transactions.get(branch)?.(response)
      this.#transactions.delete(branch)
    }
    const request = parseRequest(text)
    if (request) void this.#requested(request)
  }

  async #requested(request: SipRequest): Promise<void> {
    const callId = request.headers['call-id'] ?? ''
    const dialog = this.#calls.get(callId)
    switch (request.method) {
      case 'ACK':
        return
      case 'INVITE': {
        if (dialog && request.headers['to']?.includes(';tag=')) return this.#reply(request, '200 OK', this.#sdp(dialog))
        if (dialog) return
        const tag = newId()
        const made = await this.#dialog({ callId, from: `${request.headers['to']};tag=${tag}`, to: request.headers['from'] ?? '', target: /<([^>]+)>/.exec(request.headers['contact'] ?? '')?.[1] ?? '' }, request)
        this.#reply(request, '180 Ringing')
        this.#incoming.push(this.#call(made))
        return
      }
      case 'CANCEL':
        this.#reply(request, '200 OK')
        if (dialog?.invite) this.#reply(dialog.invite, '487 Request Terminated')
        if (dialog) this.#end(dialog)
        return
      case 'NOTIFY': {
        this.#reply(request, '200 OK')
        const progress = /SIP\/2\.0 (\d{3})/.exec(request.text.split(/\r?\n\r?\n/).slice(1).join('\n'))?.[1]
        if (dialog && progress) dialog.progress.push(Number(progress))
        const held = request.text.includes('+sip.rendering') ? ' held' : ''
        this.#lamps.get(callId)?.push(`${/<state[^>]*>(\w+)<\/state>/.exec(request.text)?.[1] ?? 'none'}${held}`)
        return
      }
      case 'BYE':
        this.#reply(request, '200 OK')
        if (dialog) this.#end(dialog)
        return
      default:
        this.#reply(request, '200 OK')
    }
  }

  #reply(request: SipRequest, status: string, sdp?: string): void {
    const own = this.#calls.get(request.headers['call-id'] ?? '')
    const toTag = (own && tagOf(own.from)) ?? 'desk'
    const { port } = this.#local
    this.#send(renderAnswer(request, status, { toTag, port, ...(sdp === undefined ? {} : { sdp }) }).replace(/^Contact: .*$/m, `Contact: <sip:${this.#options.user}@${host}:${port}>`))
  }
}

const tagOf = (party: string): string => /;tag=([^;>]+)/.exec(party)?.[1] ?? ''
