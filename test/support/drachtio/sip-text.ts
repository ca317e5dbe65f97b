/** SIP messages as text (RFC 3261 §7), as much as a user agent’s stack needs. */

export interface SipText {
  readonly start: string
  /** In their order, with the full names. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

const compact: Readonly<Record<string, string>> = { v: 'Via', f: 'From', t: 'To', i: 'Call-ID', m: 'Contact', l: 'Content-Length', c: 'Content-Type', k: 'Supported', s: 'Subject', e: 'Content-Encoding', r: 'Refer-To', o: 'Event', u: 'Allow-Events', b: 'Referred-By', x: 'Session-Expires' }

/** @returns undefined for what is no SIP message at all */
export function parseSip(text: string): SipText | undefined {
  const end = /\r?\n\r?\n/.exec(text)
  if (!end) return undefined
  const [start = '', ...lines] = text.slice(0, end.index).replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  if (!/^SIP\/2\.0 [1-6]\d\d( |$)/.test(start) && !/^[A-Za-z0-9.!%*_+`'~-]+ \S+ SIP\/\d+\.\d+$/.test(start)) return undefined
  const headers = lines.flatMap((line) => {
    const [, name = '', value = ''] = /^([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? []
    return name === '' ? [] : [[compact[name.toLowerCase()] ?? name, value] as const]
  })
  return { start, headers, body: text.slice(end.index + end[0].length) }
}

const is = (wanted: string) => ([name]: readonly [string, string]) => name.toLowerCase() === wanted.toLowerCase()

export const allOf = ({ headers }: SipText, name: string): readonly string[] => headers.filter(is(name)).map(([, value]) => value)
export const headerOf = (message: SipText, name: string): string => allOf(message, name)[0] ?? ''
export const tagOf = (header: string): string | undefined => /;\s*tag=([^;\s]+)/i.exec(header.replace(/^[^<]*<[^>]*>/, ''))?.[1]
export const methodOf = ({ start }: SipText): string => start.split(' ')[0] ?? ''
export const statusOf = ({ start }: SipText): number | undefined => (start.startsWith('SIP/2.0 ') ? Number(start.slice(8, 11)) : undefined)
export const cseqOf = (message: SipText): { readonly number: number; readonly method: string } => {
  const [number, method = ''] = headerOf(message, 'CSeq').split(/\s+/)
  return { number: Number(number), method }
}
/** The URI of a name-addr or addr-spec. */
export const uriIn = (header: string): string => /<([^>]*)>/.exec(header)?.[1] ?? header.split(';')[0]?.trim() ?? ''

export function renderSip({ start, headers, body }: SipText): string {
  const lines = headers.filter(([name]) => name.toLowerCase() !== 'content-length').map(([name, value]) => `${name}: ${value}`)
  return [start, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
}
