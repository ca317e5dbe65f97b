/** Headers of an INVITE between Asterisk and another network: what is not written here is not passed on. Pure. */
import { type Carried, encodeCarried, fromUserToUser, userToUser } from './carried.ts'
import { geolocation, positionOf } from './location.ts'

export type Headers = Record<string, string>
export type CarriedHeader = 'user-to-user' | 'call-info' | 'geolocation' | 'history-info' | 'diversion'

/** Who calls, in the form of the network that is told. */
export interface Identity {
  readonly number: string
  readonly name?: string
  /** He asked not to be shown (RFC 3323, RFC 3325 §9.3). */
  readonly withheld: boolean
}

/** `localhost`: the edge’s own address, filled in by drachtio-server. */
const ownHost = 'localhost'
const quoted = (name: string): string => `"${name.replace(/[\\"]/g, '\\$&')}" `
const nameAddr = ({ number, name }: Identity, host = ownHost): string => `${name ? quoted(name) : ''}<sip:${number}@${host}>`

/** Between user agents, whatever network they are of: capabilities, session timers (RFC 4028). */
const passed = ['session-expires', 'min-se', 'supported', 'allow', 'accept', 'reason', 'alert-info'] as const
/** In a dialog: of REFER and NOTIFY, INFO and UPDATE too. */
const passedInDialog = [...passed, 'require', 'content-type', 'content-disposition', 'event', 'subscription-state', 'refer-to', 'referred-by', 'info-package', 'recv-info', 'retry-after', 'warning'] as const
/** Of an answer. */
const passedBack = [...passed, 'retry-after', 'warning', 'content-type', 'p-early-media'] as const

type Read = (name: string) => string | undefined

const chosen = (names: readonly string[], read: Read): Headers =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = read(name)
      return value ? [[properly(name), value] as const] : []
    }),
  )
/** `Min-SE`, `P-Early-Media`. */
const properly = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace('Min-Se', 'Min-SE')

/** RFC 4028 §4: from 90 s; what is longer than a day, or no number, is no session timer, and drachtio-server would not bear it. */
function withSaneTimers({ 'Session-Expires': expires, 'Min-SE': least, ...rest }: Headers): Headers {
  return { ...rest, ...(isSane(expires) ? { 'Session-Expires': expires } : {}), ...(isSane(least) ? { 'Min-SE': least } : {}) }
}

function isSane(value: string | undefined): value is string {
  const seconds = Number(/^\s*(\d{1,6})\s*(;|$)/.exec(value ?? '')?.[1])
  return seconds >= 90 && seconds <= 86_400
}

/** Reliable provisional answers end at the edge: it does not offer them (RFC 3262). */
function offered(headers: Headers): Headers {
  const { Supported, ...rest } = headers
  const options = (Supported ?? '').split(/\s*,\s*/).filter((option) => option === 'timer' || option === 'replaces' || option === 'norefersub')
  return { ...withSaneTimers(rest), ...(options.length > 0 ? { Supported: options.join(', ') } : {}) }
}

export const passedOn = (read: Read): Headers => offered(chosen(passedInDialog, read))
export const answeredBack = (read: Read): Headers => offered(chosen(passedBack, read))

/** RFC 3261 §16.6: what goes round for ever is ended. @returns undefined when it may go no further */
export function hopsLeft(read: Read): string | undefined {
  const left = Number(read('max-forwards') ?? 70)
  return Number.isInteger(left) && left > 1 ? String(Math.min(left - 1, 70)) : undefined
}

export interface Outgoing {
  readonly caller: Identity
  /** What is dialled, in the trunk’s form. */
  readonly dialled: string
  readonly carried: Carried
  readonly trusted: boolean
  readonly carries: readonly CarriedHeader[]
  /** Own address, for the headers in which nobody fills it in. */
  readonly host: string
  readonly callId?: string | undefined
  readonly handoverId?: string | undefined
}

/** To another network. Outside the trust domain it learns the number alone, and not even that where it is withheld. */
export function outgoingHeaders({ caller, dialled, carried, trusted, carries, host, callId, handoverId }: Outgoing, read: Read): Headers {
  const shown = !caller.withheld
  const common = {
    ...offered(chosen(passed, read)),
    from: shown ? nameAddr(trusted ? caller : { ...caller, name: '' }) : '"Anonymous" <sip:anonymous@anonymous.invalid>',
    contact: `<sip:${callId ?? 'edge'}@${ownHost}>${callId === undefined ? '' : ';isfocus'}`,
    ...(caller.withheld ? { Privacy: 'id' } : {}),
  }
  if (!trusted) return common
  const { link, position } = carried
  const says = (header: CarriedHeader): boolean => carries.includes(header)
  const data = says('user-to-user') ? userToUser(carried) : undefined
  const first = carried.dialled
  return {
    ...common,
    'P-Asserted-Identity': nameAddr(caller, host),
    ...(callId === undefined ? {} : { 'X-Tandem-Call-Id': callId }),
    ...(handoverId === undefined ? {} : { 'X-Tandem-Handover-Id': handoverId }),
    ...(data === undefined ? {} : { 'User-to-User': data }),
    ...(says('call-info') && link ? { 'Call-Info': `<${link}>;purpose=info` } : {}),
    ...(says('geolocation') && position ? { Geolocation: geolocation, 'Geolocation-Routing': 'no' } : {}),
    // RFC 7044 §5: who was dialled first, and now; RFC 5806.
    ...(says('history-info') && first ? { 'History-Info': `<sip:${first}@${host}>;index=1, <sip:${dialled}@${host}>;index=1.1` } : {}),
    ...(says('diversion') && first ? { Diversion: `<sip:${first}@${host}>;reason=unconditional` } : {}),
  }
}

/** What a call from a trusted network has brought. @param pidf of its body */
export function carriedBy(read: Read, trunk: string, trusted: boolean, pidf: string | undefined): Carried {
  if (!trusted) return { trunk }
  const position = pidf === undefined ? undefined : positionOf(pidf)
  const link = (read('call-info') ?? '').split(',').find((value) => /;\s*purpose=info\b/.test(value))
  const url = link === undefined ? undefined : /<(https?:\/\/[^>\s]+)>/.exec(link)?.[1]
  const dialled = userOf((read('history-info') ?? read('diversion') ?? '').split(',')[0] ?? '')
  return {
    ...fromUserToUser(read('user-to-user') ?? ''),
    trunk,
    ...(url === undefined || url.length > 1_024 ? {} : { link: url }),
    ...(position ? { position } : {}),
    ...(dialled === undefined ? {} : { dialled }),
  }
}

/** To Asterisk, which believes the edge. */
export const incomingHeaders = (caller: Identity, carried: Carried, host: string, read: Read): Headers => ({
  ...offered(chosen(passed, read)),
  from: nameAddr(caller),
  'P-Asserted-Identity': nameAddr(caller, host),
  'X-Tandem-Carried': encodeCarried(carried),
  ...(caller.withheld ? { Privacy: 'id' } : {}),
})

/** The user of the first URI in a header. @returns undefined when there is none */
export function userOf(header: string): string | undefined {
  const [, user] = /(?:sips?|tel):([^@;>\s]+)/i.exec(header) ?? []
  return user === undefined || user === '' || /^sips?:[^@]*(>|$)/i.test(header.replace(/^[^<]*</, '').split(/[;>]/)[0] ?? '') ? undefined : user
}

/** Who calls: as a network of the trust domain asserts, else as he says himself. */
export function callerIn(read: Read, trusted: boolean): Identity {
  const asserted = trusted ? read('p-asserted-identity') : undefined
  const header = asserted ?? read('from') ?? ''
  const name = /^\s*"((?:[^"\\]|\\.)*)"\s*</.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? /^\s*([^<"]+?)\s*</.exec(header)?.[1]
  // oxlint-disable-next-line no-control-regex -- these are what is left out
  const shown = name?.replace(/[\x00-\x1f\x7f]/g, '').slice(0, 60)
  return { number: userOf(header) ?? 'anonymous', ...(shown ? { name: shown } : {}), withheld: /\b(id|user)\b/.test(read('privacy') ?? '') }
}
