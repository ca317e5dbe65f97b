import type { Dialog, Request, Response } from 'drachtio-srf'
import type Srf from 'drachtio-srf'
import type { Logger } from 'pino'
import { goesOn } from '../domain/edge/gateways.ts'
import { answeredBack, type Headers } from '../domain/edge/headers.ts'
import { type Own, tie } from './dialogs.ts'
import { LegAttempt, type LegResult } from './legs.ts'

/** One way on for a call. */
export interface Way {
  /** In logs. */
  readonly name: string
  readonly uri: string
  readonly headers: Headers
  readonly body: string
  /** The same with less, where the body is not understood (415). */
  readonly plain?: { readonly headers: Headers; readonly body: string }
  readonly silenceMs?: number
  /** @returns says that the call has ended */
  take?(): () => void
  heard?(status: number | undefined): void
}

export interface Bound {
  /** Requests of the answering side that are done here; of the asking side when `reversed`. */
  readonly own: Own
  readonly reversed?: boolean
  joined?(near: Dialog, far: Dialog): void
  ended?(): void
}

const cancelled = 487
const notFound = 480

/** Finds the way for one call: the next one where one takes nothing or says nothing; then ties the two sides together. */
export async function setUp(srf: Srf, request: Request, response: Response, ways: readonly Way[], bound: Bound, logger: Logger): Promise<void> {
  let left = false
  let attempt: LegAttempt | undefined
  request.on('cancel', () => {
    left = true
    attempt?.leave()
  })
  // drachtio-server forgets a call of which it hears nothing for 4 s.
  response.send(100)
  let last: LegResult | undefined
  for (const way of ways) {
    const free = way.take?.()
    const startedAt = performance.now()
    const go = (order: { headers: Headers; body: string }) => {
      attempt = new LegAttempt(srf, { uri: way.uri, ...order, ...(way.silenceMs === undefined ? {} : { silenceMs: way.silenceMs }) }, (ringing) => ring(response, ringing))
      return attempt.result
    }
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what it is about
    last = await go(way)
    // oxlint-disable-next-line no-await-in-loop
    if (last.kind === 'failed' && last.status === 415 && way.plain && !left) last = await go(way.plain)
    const status = last.kind === 'failed' ? last.status : 200
    if (!left) way.heard?.(status)
    logger.info({ way: way.name, status: status ?? 'none', ms: Math.round(performance.now() - startedAt), left }, 'call set-up')
    if (last.kind !== 'failed') {
      // oxlint-disable-next-line no-await-in-loop
      await answer(srf, request, response, last, bound, logger, () => {
        free?.()
        bound.ended?.()
      })
      return
    }
    free?.()
    if (left || !goesOn(last.status, last.rang)) break
  }
  if (left || response.finalResponseSent) return
  const refused = last?.kind === 'failed' ? last : undefined
  const status = refused ? (refused.status ?? 503) : 503
  response.send(status === cancelled ? notFound : status, { headers: refused?.response ? answeredBack((name) => refused.response?.get(name)) : {} })
}

function ring(response: Response, ringing: Response): void {
  if (response.finalResponseSent) return
  response.send(ringing.status, { headers: answeredBack((name) => ringing.get(name)), ...(ringing.body ? { body: ringing.body } : {}) })
}

async function answer(srf: Srf, request: Request, response: Response, result: Exclude<LegResult, { kind: 'failed' }>, bound: Bound, logger: Logger, ended: () => void): Promise<void> {
  const sdp = result.kind === 'answered' ? result.dialog.remote.sdp : result.sdp
  const from = result.kind === 'answered' ? result.dialog.res : result.response
  let near: Dialog
  try {
    near = await srf.createUAS(request, response, { ...(sdp ? { localSdp: sdp } : {}), headers: { ...answeredBack((name) => from.get(name)), ...(sdp ? { 'Content-Type': 'application/sdp' } : {}) } })
  } catch (error) {
    // It was cancelled as the answer came.
    logger.info({ err: error }, 'answered too late')
    if (result.kind === 'answered') result.dialog.destroy().catch(() => undefined)
    else result.leave()
    ended()
    return
  }
  const join = (far: Dialog) => {
    // The near side may have hung up meanwhile.
    if (bound.reversed) tie(far, near, bound.own, logger, ended)
    else tie(near, far, bound.own, logger, ended)
    bound.joined?.(near, far)
  }
  if (result.kind === 'answered') return join(result.dialog)
  near.once('ack', ({ body }: Request) => {
    result.answer(body ?? '').then(join, (error: unknown) => {
      logger.warn({ err: error }, 'an offer in the answer could not be answered')
      void near.destroy().catch(() => undefined)
      ended()
    })
  })
}
