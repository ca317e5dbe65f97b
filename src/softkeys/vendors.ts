/** A screen in the XML that each vendor's phones read. Pure. */
import type { Screen } from './screen.ts'
import type { Texts } from './texts.ts'

export const vendors = ['yealink', 'fanvil', 'grandstream', 'snom', 'cisco'] as const
export type Vendor = (typeof vendors)[number]

/** Pause before a phone asks again for what may have changed, s. */
export const refreshSec = 2

export interface Answer {
  readonly type: string
  readonly body: string
  /** RFC-less, as browsers and the phones know it: `Refresh: 2; url=…`. */
  readonly refresh?: string
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
export const escapeXml = (text: string): string => text.replaceAll(/[&<>"']/gu, (sign) => escapes[sign] ?? sign)

/** @param urlOf where each key leads */
export function answerFor(vendor: Vendor, screen: Screen, texts: Texts, urlOf: (key: Screen['keys'][number]) => string): Answer {
  const items = screen.keys.map((key, i) => ({ place: i + 1, label: escapeXml(texts.keys[key]), url: escapeXml(urlOf(key)) }))
  const body = bodies[vendor]({ title: escapeXml(screen.title), text: escapeXml(screen.text), items, refreshes: screen.refreshes, status: escapeXml(urlOf('status')) })
  return { type: 'text/xml; charset=utf-8', body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`, ...(screen.refreshes ? { refresh: `${refreshSec}; url=${urlOf('status')}` } : {}) }
}

interface Escaped {
  readonly title: string
  readonly text: string
  readonly items: readonly { readonly place: number; readonly label: string; readonly url: string }[]
  readonly refreshes: boolean
  readonly status: string
}

const bodies: Readonly<Record<Vendor, (screen: Escaped) => string>> = {
  // XML Browser Developer's Guide, TextScreen object. Beep="no": somebody talks.
  yealink: ({ title, text, items }) =>
    `<YealinkIPPhoneTextScreen Beep="no" LockIn="no" Timeout="30">\n<Title wrap="yes">${title}</Title>\n<Text>${text}</Text>\n${items.map(({ place, label, url }) => `<SoftKey index="${place}"><Label>${label}</Label><URI>${url}</URI></SoftKey>`).join('\n')}\n</YealinkIPPhoneTextScreen>`,
  // XML Operation Guide.
  fanvil: ({ title, text, items }) =>
    `<FanvilIPPhoneText beep="no">\n<Title>${title}</Title>\n<Text>${text}</Text>\n${softKeyItems(items)}\n</FanvilIPPhoneText>`,
  // GXP21xx and GRP26xx XML Application Guide.
  grandstream: ({ title, text, items }) =>
    `<xmlapp title="${title}">\n<view>\n<section>\n${text.split('\n').map((line, i) => `<Text label="" value="${line}"><Styles pos="0,${i}" width="0" align="left"/></Text>`).join('\n')}\n</section>\n</view>\n<Softkeys>\n${items.map(({ label, url }) => `<Softkey action="UseURL" label="${label}" commandArgs="${url}"/>`).join('\n')}\n<Softkey action="QuitApp" label="Exit"/>\n</Softkeys>\n</xmlapp>`,
  // XML Minibrowser: SnomIPPhoneText, its main sub-tags.
  snom: ({ title, text, items, refreshes, status }) =>
    `<SnomIPPhoneText>\n<Title>${title}</Title>\n<Text>${text.replaceAll('\n', '<br/>')}</Text>\n${items.map(({ place, label, url }) => `<SoftKeyItem><Name>F${place}</Name><Label>${label}</Label><URL>${url}</URL></SoftKeyItem>`).join('\n')}\n${refreshes ? `<fetch mil="${refreshSec * 1_000}">${status}</fetch>\n` : ''}</SnomIPPhoneText>`,
  // Cisco Unified IP Phone Services Application Development Notes, CiscoIPPhoneText.
  cisco: ({ title, text, items }) =>
    `<CiscoIPPhoneText>\n<Title>${title}</Title>\n<Prompt>${text.split('\n')[0] ?? ''}</Prompt>\n<Text>${text}</Text>\n${softKeyItems(items)}\n</CiscoIPPhoneText>`,
}

const softKeyItems = (items: Escaped['items']): string =>
  items.map(({ place, label, url }) => `<SoftKeyItem><Name>${label}</Name><URL>${url}</URL><Position>${place}</Position></SoftKeyItem>`).join('\n')
