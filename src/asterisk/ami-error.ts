import type { Verdict } from './ari-error.ts'

export class AmiError extends Error {
  readonly action: string
  readonly verdict: Verdict

  constructor(action: string, message: string, verdict: Verdict) {
    super(`${action}: ${message}`)
    this.name = 'AmiError'
    this.action = action
    this.verdict = verdict
  }

  /** Nothing was sent. */
  static away(action: string): AmiError {
    return new AmiError(action, 'AMI is away', 'retry')
  }

  /** It was sent: it may have been done. */
  static unanswered(action: string, why: string): AmiError {
    return new AmiError(action, why, 'unknown')
  }

  /** `Response: Error`. */
  static refused(action: string, message: string): AmiError {
    return new AmiError(action, message, 'give-up')
  }
}
