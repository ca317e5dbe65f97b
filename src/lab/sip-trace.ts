import { readFile } from 'node:fs/promises'

/** Names in lower case; of a header that comes several times, the last. */
export type SipHeaders = Readonly<Record<string, string>>

/** The headers of a SIP message (RFC 3261), without unfolding: none of ours sends folded lines. */
export function parseHeaders(message: string): SipHeaders {
  const [head = ''] = message.split(/\r?\n\r?\n/)
  const lines = head.split(/\r?\n/).slice(1)
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([\w.-]+)\s*:\s*(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]]
    }),
  )
}

/**
 * The headers of the last INVITE that a baresip started with `-s` has received.
 *
 * @param logFile what it wrote to standard output
 * @returns undefined before the first one
 */
export async function lastInviteReceived(logFile: string): Promise<SipHeaders | undefined> {
  const log = await readFile(logFile, 'utf8')
  const at = log.lastIndexOf('INVITE sip:')
  return at < 0 ? undefined : parseHeaders(log.slice(at))
}
