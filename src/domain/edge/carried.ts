/** What a call carries of its hand-over, so that whoever is rung sees it before the answer; and what a call that comes in has brought. Pure. */
import { type Mode, modes, type Platform, platforms } from '../handover/handover.ts'

/** Where the caller is: a geo URI (RFC 5870), WGS 84: `geo:31.81,121.67`. */
export type Position = `geo:${number},${number}`

export interface Carried {
  /** Of the sender. */
  readonly call?: string
  readonly handover?: string
  readonly from?: Platform
  readonly mode?: Mode
  readonly danger?: boolean
  readonly category?: string
  readonly item?: string
  /** Where the hand-over can be looked at; signed. */
  readonly link?: string
  readonly position?: Position
  /** The number that the citizen dialled first (RFC 7044, RFC 5806). */
  readonly dialled?: string
  /** By which trunk it came. */
  readonly trunk?: string
}

const longest = 4_096
const texts = { call: 64, handover: 64, category: 60, item: 60, link: 1_024, dialled: 20, trunk: 40 } as const

/** One token: goes through a SIP header and a channel variable unchanged. */
export const encodeCarried = (carried: Carried): string => Buffer.from(JSON.stringify(carried)).toString('base64url')

/** @returns undefined for what `encodeCarried` did not write; of a foreign text what can be understood */
export function decodeCarried(token: string): Carried | undefined {
  return token.length <= longest && /^[A-Za-z0-9_-]+$/.test(token) ? carriedIn(Buffer.from(token, 'base64url').toString()) : undefined
}

/** @param json of whoever wrote it: nothing in it is believed to have the right form */
export function carriedIn(json: string): Carried | undefined {
  const read = parsed(json)
  if (!read) return undefined
  const said = Object.entries(texts).flatMap(([name, most]) => {
    const text = read[name]
    // oxlint-disable-next-line no-control-regex -- these are what is refused
    return typeof text === 'string' && text !== '' && text.length <= most && !/[\x00-\x1f]/.test(text) ? [[name, text] as const] : []
  })
  const [from, mode, position] = [platforms.find((platform) => platform === read['from']), modes.find((known) => known === read['mode']), positionOf(read['position'])]
  const { link, ...rest } = Object.fromEntries(said) as Pick<Carried, keyof typeof texts>
  const carried = { ...rest, ...(link && /^https?:\/\/[^\s<>"]+$/.test(link) ? { link } : {}), ...(from ? { from } : {}), ...(mode ? { mode } : {}), ...(read['danger'] === true ? { danger: true } : {}), ...(position ? { position } : {}) }
  return Object.keys(carried).length > 0 ? carried : undefined
}

function parsed(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(json)
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined
  } catch {
    // Foreign: as good as none.
    return undefined
  }
}

const positionOf = (value: unknown): Position | undefined => (typeof value === 'string' && value.startsWith('geo:') ? positionAt(...(value.slice(4).split(',') as [string, string])) : undefined)

/** @param latitude degrees north @param longitude degrees east @returns undefined for what is nowhere */
export function positionAt(latitude: unknown, longitude: unknown): Position | undefined {
  const degrees = [latitude, longitude].map((value) => (typeof value === 'number' || (typeof value === 'string' && /^-?[0-9]{1,3}(\.[0-9]{1,15})?$/.test(value)) ? Number(value) : Number.NaN))
  const [north = Number.NaN, east = Number.NaN] = degrees
  return Math.abs(north) <= 90 && Math.abs(east) <= 180 ? `geo:${north},${east}` : undefined
}

/** For a desk that only sees what User-to-User carries: the link and the position have headers of their own. */
const apart: ReadonlySet<string> = new Set(['link', 'position', 'trunk', 'dialled'])
const inUserToUser = (carried: Carried): Carried => Object.fromEntries(Object.entries(carried).filter(([name]) => !apart.has(name)))

const content = 'tandem-handover'

/** RFC 7433 §4.1: octets in hexadecimal. @returns undefined when there is nothing to say */
export function userToUser(carried: Carried): string | undefined {
  const said = inUserToUser(carried)
  return Object.keys(said).length === 0 ? undefined : `${Buffer.from(JSON.stringify(said)).toString('hex')};encoding=hex;purpose=${content};content=${content}`
}

/** @param header perhaps several values, separated by commas; those of other applications are not for us */
export function fromUserToUser(header: string): Carried | undefined {
  for (const value of header.split(',')) {
    const [data = '', ...params] = value.trim().split(';').map((part) => part.trim())
    if (params.includes(`content=${content}`) && data.length <= longest && /^([0-9a-f]{2})+$/i.test(data)) return carriedIn(Buffer.from(data, 'hex').toString())
  }
  return undefined
}
