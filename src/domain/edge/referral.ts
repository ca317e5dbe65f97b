/** What the far exchange’s REFER in a call wants (RFC 3515, RFC 4579 §5): a hand-over, a further party, or the end of one’s part. Pure. */
import type { Mode, Platform } from '../handover/handover.ts'

export interface ReferTo {
  readonly user: string
  /** The URI’s `method` parameter; INVITE when left out (RFC 3515 §2.1). */
  readonly method: string
  /** It was said: the focus is asked, not the other party (RFC 4579 §5.5). */
  readonly asked: boolean
  /** An attended transfer (RFC 3891). */
  readonly replaces: boolean
}

export type Referral =
  | { readonly kind: 'handover'; readonly to: Platform; readonly mode: Mode }
  | { readonly kind: 'invite'; readonly destination: string }
  | { readonly kind: 'drop'; readonly party: string }
  /** Final status of the REFER. */
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 501 }

/** @param header of Refer-To, with or without angle brackets */
export function referToOf(header: string): ReferTo | undefined {
  const uri = /<([^>]+)>/.exec(header)?.[1] ?? header.split(';')[0] ?? ''
  const [, user = '', rest = ''] = /^(?:sips?|tel):([^@;?]+)([^]*)$/i.exec(uri.trim()) ?? []
  if (user === '') return undefined
  const method = /;method=([A-Z]+)/i.exec(rest)?.[1]
  return { user: decode(user), method: method?.toUpperCase() ?? 'INVITE', asked: method !== undefined, replaces: /[?&]replaces=/i.test(rest) }
}

export interface Reachable {
  /** Of a number as it was written. @returns whose desk it is */
  readonly desk: (user: string) => Platform | undefined
  /** A number or a name. @returns the destination’s or agent’s id */
  readonly destination: (user: string) => string | undefined
  /** @returns the party’s id */
  readonly party: (user: string) => string | undefined
}

/** A bare number of a desk is a transfer; with `method=INVITE` the desk is to join; any other known number is a further party. */
export function referralOf({ user, method, asked, replaces }: ReferTo, { desk, destination, party }: Reachable): Referral {
  if (method === 'BYE') {
    const found = party(user)
    return found === undefined ? { kind: 'refused', status: 404 } : { kind: 'drop', party: found }
  }
  // An attended transfer joins two calls of the exchange’s own: there is no hand-over in it.
  if (method !== 'INVITE' || replaces) return { kind: 'refused', status: 501 }
  const to = desk(user)
  if (to) return { kind: 'handover', to, mode: asked ? 'conference' : 'transfer' }
  const found = destination(user)
  return found === undefined ? { kind: 'refused', status: 404 } : { kind: 'invite', destination: found }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: as it stands.
    return text
  }
}
