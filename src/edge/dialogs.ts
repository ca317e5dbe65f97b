import type { Dialog, Request, Response } from 'drachtio-srf'
import type { Logger } from 'pino'
import { answeredBack, passedOn } from '../domain/edge/headers.ts'

/** What is not relayed, but done here. @returns whether it is */
export type Own = (request: Request, response: Response) => boolean

/** A request that got no answer, or could not be sent (RFC 3261 §8.1.3.1). */
const timedOut = 408

/**
 * Ties two dialogs together: every request in one goes on into the other, its answer back, and the end of one ends the other.
 * Nothing is answered in the other side’s name.
 * @param own by the side of `far` @param ended once, with both
 */
export function tie(near: Dialog, far: Dialog, own: Own, logger: Logger, ended: () => void): void {
  let over = false
  const end = (other: Dialog, request?: Request) => {
    if (over) return
    over = true
    const reason = request?.get('reason')
    other.destroy(reason === undefined ? {} : { headers: { Reason: reason } }).catch((error: unknown) => logger.debug({ err: error }, 'the other side is gone already'))
    ended()
  }
  for (const [one, other] of [[near, far], [far, near]] as const) {
    one.on('destroy', (request: Request) => end(other, request))
    const handle = one.handle.bind(one)
    one.handle = (request, response) => {
      if (request.method === 'BYE' || request.method === 'ACK') handle(request, response)
      else if (one !== far || !own(request, response)) relay(request, response, one, other, logger)
    }
    if (!one.connected) end(other)
  }
}

function relay(request: Request, response: Response, from: Dialog, to: Dialog, logger: Logger): void {
  const headers = passedOn((name) => request.get(name))
  const body = request.body || undefined
  const lateOffer = request.method === 'INVITE' && body === undefined
  if (body === undefined) delete headers['Content-Type']
  const failed = (error: unknown) => {
    logger.warn({ err: error, method: request.method }, 'not relayed')
    if (!response.finalResponseSent) response.send(timedOut)
  }
  try {
    to.request({ method: request.method, headers, ...(body === undefined ? {} : { body }), ...(lateOffer ? { noAck: true } : {}) }, (error, answer, ack) => {
      if (error || !answer) return failed(error)
      if (answer.status < 200) return
      response.send(answer.status, { headers: answeredBack((name) => answer.get(name)), ...(answer.body ? { body: answer.body } : {}) })
      // The answer to an offer that came late is in the ACK (RFC 3261 §13.2.1).
      if (ack) from.once('ack', ({ body: sdp }: Request) => ack(sdp ? { body: sdp } : {}))
    })
  } catch (error) {
    failed(error)
  }
}
