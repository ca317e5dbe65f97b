/** Just enough of SIP (RFC 3261) and SDP (RFC 8866) over UDP to answer requests. */
import { parseHeaders, type SipHeaders } from '../../src/lab/sip-trace.ts'

export interface SipRequest {
  readonly method: string
  readonly headers: SipHeaders
  readonly text: string
}

export function parseRequest(text: string): SipRequest | undefined {
  const method = /^([A-Z]+) sips?:\S+ SIP\/2\.0\r?\n/.exec(text)?.[1]
  return method === undefined ? undefined : { method, headers: parseHeaders(text), text }
}

/** The lines of a request that its answer must carry over, in their order. */
function carriedOver(request: SipRequest, toTag: string): string[] {
  const lines = request.text.split(/\r?\n\r?\n/)[0]?.split(/\r?\n/) ?? []
  return lines
    .filter((line) => /^(via|record-route|from|to|call-id|cseq)\s*:/i.test(line))
    .map((line) => (/^to\s*:/i.test(line) && !line.includes(';tag=') ? `${line};tag=${toTag}` : line))
}

export function renderAnswer(request: SipRequest, status: string, options: { toTag: string; port: number; sdp?: string }): string {
  const { toTag, port, sdp } = options
  const head = [
    `SIP/2.0 ${status}`,
    ...carriedOver(request, toTag),
    `Contact: <sip:odd@127.0.0.1:${port}>`,
    ...(sdp === undefined ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${sdp?.length ?? 0}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${sdp ?? ''}`
}

export function renderSdp(rtpPort: number): string {
  const lines = ['v=0', 'o=odd 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${rtpPort} RTP/AVP 8`]
  return `${[...lines, 'a=rtpmap:8 PCMA/8000', 'a=sendrecv'].join('\r\n')}\r\n`
}

/** Where the other side of an offer wants its RTP. */
export function rtpTarget(request: SipRequest): { host: string; port: number } | undefined {
  const host = /^c=IN IP4 (\S+)/m.exec(request.text)?.[1]
  const port = /^m=audio (\d+)/m.exec(request.text)?.[1]
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) }
}

/** Payload types of the audio line, in their order. */
export const codecsOf = (request: SipRequest): readonly string[] => /^m=audio \d+ RTP\/AVP (.+?)\r?$/m.exec(request.text)?.[1]?.split(' ') ?? []
