import { Agent, request } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { DeliveryError, judgeResponse } from './verdict.ts'

export interface HttpMessage {
  readonly url: string
  /** POST when left out. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Of the answer's body no more is read than this, bytes; 2,048 when left out. */
  readonly answerLimit?: number
}

export interface HttpAnswer {
  readonly status: number
  /** Begin of its body. */
  readonly answer: string
}

export interface HttpSender {
  /** Resolves with the 2xx answer. @throws DeliveryError, or `signal`'s reason when that was aborted. */
  send(message: HttpMessage, signal: AbortSignal): Promise<HttpAnswer>
  close(): Promise<void>
}

/** For the record. */
const usualAnswerLimit = 2_048

/** Sends over kept-alive connections to addresses that are allowed; follows no redirect. @param timeoutMs for one message, from connecting to the status. */
export function httpSender(guard: AddressGuard, timeoutMs: number): HttpSender {
  const agent = new Agent({ connect: guard.connector, connections: 64, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
  return {
    async send({ url, method = 'POST', headers, body, answerLimit = usualAnswerLimit }, signal) {
      const target = new URL(url)
      guard.checkUrl(target)
      const limit = AbortSignal.timeout(timeoutMs)
      const either = AbortSignal.any([signal, limit])
      const message = { dispatcher: agent, method, headers: { ...headers, 'user-agent': 'tandem' }, body: body ?? null, signal: either }
      const response = await request(target, message).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason
        throw failed(error, limit.aborted)
      })
      const answer = await beginOf(response.body, answerLimit)
      const retryAfter = response.headers['retry-after']
      const fault = judgeResponse(response.statusCode, typeof retryAfter === 'string' ? retryAfter : undefined, Date.now(), answer)
      if (fault) throw fault
      return { status: response.statusCode, answer }
    },
    close: () => agent.destroy(),
  }
}

async function beginOf(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      if (chunks.reduce((sum, { length }) => sum + length, 0) >= limit) break
    }
  } catch {
    // The status has decided; what becomes of the rest of the answer does not matter.
  }
  return Buffer.concat(chunks).subarray(0, limit).toString()
}

function failed(error: unknown, late: boolean): DeliveryError {
  if (error instanceof DeliveryError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const timedOut = late || /TIMEOUT|ETIMEDOUT/.test(code)
  return new DeliveryError('retry', timedOut ? 'timeout' : `network-${code.toLowerCase()}`, { cause: error })
}
