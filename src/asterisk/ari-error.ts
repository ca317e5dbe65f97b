/** What a caller of ARI may do about a failure: again, never, or it may have happened. */
export type Verdict = 'retry' | 'give-up' | 'unknown'

export class AriError extends Error {
  readonly operation: string
  /** HTTP status of Asterisk's answer, where there was one. */
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

  /** Asterisk answered with a status of refusal: `{"message"}` or `{"error"}`. */
  static refused(operation: string, status: number, body: string): AriError {
    return new AriError(operation, textOf(body), status, 'give-up')
  }

  /** No answer: refused connections sent nothing, anything else may have been carried out. */
  static from(operation: string, error: unknown): AriError {
    const text = error instanceof Error ? `${error.message} ${'code' in error ? String(error.code) : ''}`.trim() : String(error)
    return new AriError(operation, text, undefined, /ECONNREFUSED/.test(text) ? 'retry' : 'unknown')
  }
}

/** What was to be ended or changed is gone already: nothing is left to do. @throws AriError for any other reason */
export async function unlessGone(request: Promise<unknown>, gone: readonly number[] = [404, 409]): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!(error instanceof AriError) || !gone.includes(error.status ?? 0)) throw error
  }
}

function textOf(body: string): string {
  try {
    const { message, error } = JSON.parse(body) as { message?: string; error?: string }
    return message ?? error ?? body
  } catch {
    // Not JSON: the body itself is the message.
    return body
  }
}
