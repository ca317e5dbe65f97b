import { Agent, request } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { judgeResponse, WebhookError } from './verdict.ts'
import type { WebhookHeaders } from './signature.ts'

export interface WebhookPost {
  readonly url: string
  readonly headers: WebhookHeaders
  readonly body: Uint8Array
}

export interface WebhookAnswer {
  readonly status: number
  /** Begin of its body, for the record. */
  readonly answer: string
}

export interface WebhookSender {
  /** Resolves with the 2xx answer. @throws WebhookError, or `signal`'s reason when that was aborted. */
  post(message: WebhookPost, signal: AbortSignal): Promise<WebhookAnswer>
  close(): Promise<void>
}

/** Of an answer's body no more is read than this, bytes. */
const answerLimit = 2_048

/** Posts over kept-alive connections; follows no redirect. @param timeoutMs for one attempt, from connecting to the status. */
export function webhookSender(guard: AddressGuard, timeoutMs: number): WebhookSender {
  const agent = new Agent({ connect: guard.connector, connections: 64, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
  return {
    async post({ url, headers, body }, signal) {
      const target = new URL(url)
      guard.checkUrl(target)
      const limit = AbortSignal.timeout(timeoutMs)
      const either = AbortSignal.any([signal, limit])
      const response = await send(agent, target, { headers, body, signal: either }).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason
        throw failed(error, limit.aborted)
      })
      const answer = await beginOf(response.body)
      const retryAfter = response.headers['retry-after']
      const fault = judgeResponse(response.statusCode, typeof retryAfter === 'string' ? retryAfter : undefined, Date.now(), answer)
      if (fault) throw fault
      return { status: response.statusCode, answer }
    },
    close: () => agent.destroy(),
  }
}

async function beginOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      if (chunks.reduce((sum, { length }) => sum + length, 0) >= answerLimit) break
    }
  } catch {
    // The status has decided; what becomes of the rest of the answer does not matter.
  }
  return Buffer.concat(chunks).subarray(0, answerLimit).toString()
}

const send = (
  dispatcher: Agent,
  url: URL,
  { headers, body, signal }: { headers: WebhookHeaders; body: Uint8Array; signal: AbortSignal },
) =>
  request(url, {
    dispatcher,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8', 'user-agent': 'tandem' },
    body,
    signal,
  })

function failed(error: unknown, late: boolean): WebhookError {
  if (error instanceof WebhookError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const timedOut = late || /TIMEOUT|ETIMEDOUT/.test(code)
  return new WebhookError('retry', timedOut ? 'timeout' : `network-${code.toLowerCase()}`, { cause: error })
}
