/** Requests of a SIP user agent client (RFC 3261), and how it proves who it is (RFC 7616 with MD5, RFC 8760). */
import { createHash, randomBytes } from 'node:crypto'
import { parseHeaders, type SipHeaders } from '../../src/lab/sip-trace.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface RequestFields {
  readonly method: string
  readonly uri: string
  readonly local: Address
  readonly branch: string
  /** Header values, tags included. */
  readonly from: string
  readonly to: string
  readonly callId: string
  readonly sequence: number
  readonly authorization?: string
  readonly sdp?: string
  /** User part of Contact; `bench` when left out. */
  readonly user?: string
  /** Further header lines. */
  readonly more?: readonly string[]
  /** Instead of an SDP. */
  readonly body?: { readonly type: string; readonly text: string }
}

export function renderRequest(fields: RequestFields): string {
  const { method, uri, local, branch, from, to, callId, sequence, authorization, more = [], user = 'bench' } = fields
  const body = fields.body ?? (fields.sdp === undefined ? undefined : { type: 'application/sdp', text: fields.sdp })
  const head = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${local.host}:${local.port};branch=${branch}`,
    'Max-Forwards: 70',
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${sequence} ${method}`,
    `Contact: <sip:${user}@${local.host}:${local.port}>`,
    ...more,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...(body === undefined ? [] : [`Content-Type: ${body.type}`]),
    `Content-Length: ${body?.text.length ?? 0}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body?.text ?? ''}`
}

export interface SipResponse {
  readonly status: number
  readonly headers: SipHeaders
  readonly text: string
}

export function parseResponse(text: string): SipResponse | undefined {
  const status = /^SIP\/2\.0 (\d{3}) /.exec(text)?.[1]
  return status === undefined ? undefined : { status: Number(status), headers: parseHeaders(text), text }
}

export const newId = (): string => randomBytes(8).toString('hex')
export const newBranch = (): string => `z9hG4bK${newId()}`
export const branchOf = (headers: SipHeaders): string => /;branch=([^;,\s]+)/.exec(headers['via'] ?? '')?.[1] ?? ''

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** The `Authorization` that answers a challenge. @throws Error when it is not MD5 with qop=auth */
export function digestAnswer(challenge: string, who: { user: string; password: string; method: string; uri: string }): string {
  const value = (name: string): string => new RegExp(`[ ,]${name}="?([^",]*)`).exec(challenge)?.[1] ?? ''
  const [realm, nonce, opaque] = [value('realm'), value('nonce'), value('opaque')]
  if ((value('algorithm') || 'MD5').toUpperCase() !== 'MD5' || value('qop') !== 'auth') throw new Error(`cannot answer ${challenge}`)
  const cnonce = newId()
  const proof = md5(`${md5(`${who.user}:${realm}:${who.password}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`${who.method}:${who.uri}`)}`)
  const fields = { username: who.user, realm, nonce, uri: who.uri, response: proof, cnonce, opaque }
  const quoted = Object.entries(fields).map(([name, text]) => `${name}="${text}"`)
  return `Digest ${[...quoted, 'algorithm=MD5', 'qop=auth', 'nc=00000001'].join(', ')}`
}
