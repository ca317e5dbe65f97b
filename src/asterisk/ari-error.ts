/** What a caller of ARI may do about a failure: again, never, or it may have happened. */
export type Verdict = 'retry' | 'give-up' | 'unknown'

/** ari-client rewraps answers as bare JSON text and drops the status; the text is all there is (Asterisk 22, ARI resources). */
const statusByText: readonly (readonly [RegExp, number])[] = [
  [/not found/i, 404],
  [/not in (a )?stasis/i, 409],
  [/already exists|duplicate|not in (this )?bridge|currently recording/i, 409],
  [/allocation failed/i, 500],
  [/invalid|missing|must be/i, 400],
]

export class AriError extends Error {
  readonly operation: string
  /** HTTP status, where the text tells it. */
  readonly status: number | undefined
  readonly verdict: Verdict

  constructor(operation: string, message: string, status: number | undefined, verdict: Verdict) {
    super(`${operation}: ${message}`)
    this.name = 'AriError'
    this.operation = operation
    this.status = status
    this.verdict = verdict
  }

  static timeout(operation: string, ms: number): AriError {
    return new AriError(operation, `no answer within ${ms} ms`, undefined, 'unknown')
  }

  static away(operation: string): AriError {
    return new AriError(operation, 'Asterisk is away', undefined, 'retry')
  }

  static from(operation: string, error: unknown): AriError {
    if (error instanceof AriError) return error
    const text = textOf(error)
    const status = statusByText.find(([pattern]) => pattern.test(text))?.[1]
    if (status !== undefined) return new AriError(operation, text, status, 'give-up')
    // Refused: nothing was sent. Anything else may have been carried out.
    return new AriError(operation, text, undefined, /ECONNREFUSED/.test(text) ? 'retry' : 'unknown')
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  try {
    const body: unknown = JSON.parse(text)
    if (body !== null && typeof body === 'object') {
      const { message, error: inner } = body as { message?: string; error?: string }
      return message ?? inner ?? text
    }
    return text
  } catch {
    // Not JSON: the text itself is the message.
    return text
  }
}
