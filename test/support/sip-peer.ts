import { createSocket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import type { SipHeaders } from '../../src/lab/sip-trace.ts'
import { openRtpTone } from './rtp-tone.ts'
import { codecsOf, parseRequest, renderAnswer, renderSdp, rtpTarget, type SipRequest } from './sip-message.ts'

/**
 * What a target does with a call that no phone can be made to do:
 * a code: answers it at once; `ring`: 180 and no answer, ever; `silent`: sends nothing at all, to OPTIONS neither;
 * `answer`: 200 at once, and silence; `answer-tone`: 200 and a tone; `echo`: 180, 200, and what it hears comes back; `early-media`: 183 with a tone, and no answer; `answer-on-cancel`: 180, and the 200 crosses the CANCEL.
 */
export type SipPeerBehaviour = 404 | 408 | 480 | 486 | 500 | 503 | 600 | 603 | 'ring' | 'answer' | 'answer-tone' | 'echo' | 'silent' | 'early-media' | 'answer-on-cancel'

export interface ReceivedRequest {
  readonly method: string
  /** `performance.now()` */
  readonly at: number
  readonly headers: SipHeaders
  /** Payload types of the audio that it offers (RFC 3551), the preferred one first. */
  readonly codecs: readonly string[]
}

export interface SipPeer {
  readonly port: number
  /** Requests in their order of arrival, retransmissions included. */
  received(): readonly ReceivedRequest[]
  /** How often a method came; 0 is a fact too. */
  count(method: string): number
  /** The next request of this method. */
  next(method: string): Promise<ReceivedRequest>
  stop(): Promise<void>
}

export interface SipPeerOptions {
  readonly behaviour: SipPeerBehaviour
  /** UDP on 127.0.0.1; a free one when left out. */
  readonly port?: number
  /** What `early-media` and `answer-tone` play. */
  readonly toneHz?: number
}

const reasons: Readonly<Record<number, string>> = {
  404: 'Not Found',
  408: 'Request Timeout',
  480: 'Temporarily Unavailable',
  486: 'Busy Here',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  600: 'Busy Everywhere',
  603: 'Decline',
}

/** Starts a SIP user agent server over UDP that misbehaves as told. It needs no registration: give it a static contact. */
export async function startSipPeer({ behaviour, port: wanted = 0, toneHz = 450 }: SipPeerOptions): Promise<SipPeer> {
  const socket = createSocket('udp4')
  socket.bind(wanted, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const tone = await openRtpTone(toneHz)
  const received: ReceivedRequest[] = []
  const arrivals = new EventEmitter()
  const ringing = new Map<string, SipRequest>()
  const sdp = renderSdp(tone.port)

  function answersToInvite(invite: SipRequest): string[] {
    const answer = (status: string, body?: string) =>
      renderAnswer(invite, status, { toTag: 'odd', port, ...(body !== undefined && { sdp: body }) })
    if (typeof behaviour === 'number') return [answer(`${behaviour} ${reasons[behaviour]}`)]
    ringing.set(invite.headers['call-id'] ?? '', invite)
    if (behaviour === 'answer') return [answer('200 OK', sdp)]
    if (behaviour === 'echo') {
      tone.echo()
      return [answer('180 Ringing'), answer('200 OK', sdp)]
    }
    if (behaviour !== 'early-media' && behaviour !== 'answer-tone') return [answer('180 Ringing')]
    const target = rtpTarget(invite)
    if (target !== undefined) tone.sendTo(target)
    if (behaviour === 'answer-tone') return [answer('200 OK', sdp)]
    return [answer('183 Session Progress', sdp)]
  }

  function answersToCancel(cancel: SipRequest): string[] {
    const invite = ringing.get(cancel.headers['call-id'] ?? '')
    const done = renderAnswer(cancel, '200 OK', { toTag: 'odd', port })
    if (invite === undefined) return [renderAnswer(cancel, '481 Call/Transaction Does Not Exist', { toTag: 'odd', port })]
    if (behaviour === 'answer-on-cancel') return [renderAnswer(invite, '200 OK', { toTag: 'odd', port, sdp }), done]
    return [done, renderAnswer(invite, '487 Request Terminated', { toTag: 'odd', port })]
  }

  function answersTo(request: SipRequest): string[] {
    if (behaviour === 'silent' || request.method === 'ACK') return []
    if (request.method === 'INVITE') return answersToInvite(request)
    if (request.method === 'CANCEL') return answersToCancel(request)
    return [renderAnswer(request, '200 OK', { toTag: 'odd', port })]
  }

  socket.on('message', (packet, from) => {
    const request = parseRequest(packet.toString('utf8'))
    if (request === undefined) return
    const arrival = { method: request.method, at: performance.now(), headers: request.headers, codecs: codecsOf(request) }
    received.push(arrival)
    for (const answer of answersTo(request)) socket.send(answer, from.port, from.address)
    arrivals.emit(request.method, arrival)
  })

  return {
    port,
    received: () => received,
    next: async (method) => {
      const [arrival] = (await once(arrivals, method)) as [ReceivedRequest]
      return arrival
    },
    count: (method) => received.filter((request) => request.method === method).length,
    stop: async () => {
      tone.stop()
      socket.close()
      await once(socket, 'close')
    },
  }
}
