/** What was asked for on the command line cannot be done; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
