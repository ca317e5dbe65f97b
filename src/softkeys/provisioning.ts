/** Lines for a phone's provisioning file: its URL keys, its lamps, how it sends digits. Pure. */
import { escapeXml, type Vendor } from './vendors.ts'

export interface PhoneKeys {
  readonly agent: string
  /** Asterisk's address, as phones know it. */
  readonly sipServer: string
  /** The screen from which everything can be pressed. */
  readonly statusUrl: string
  readonly keys: readonly { readonly key: string; readonly label: string; readonly url: string }[]
  readonly lamps: readonly { readonly label: string; readonly extension: string }[]
}

/** The first line key is the phone's own line. */
const firstKey = 2

/** @returns the lines, each without its end */
export function provisioningOf(vendor: Vendor, phone: PhoneKeys): readonly string[] {
  return lines[vendor](phone)
}

const lines: Readonly<Record<Vendor, (phone: PhoneKeys) => readonly string[]>> = {
  yealink: ({ keys, lamps }) => [
    '# 27: XML Browser, 16: BLF. Digits by RFC 4733.',
    'account.1.dtmf.type = 1',
    ...keys.flatMap(({ label, url }, i) => [`linekey.${firstKey + i}.type = 27`, `linekey.${firstKey + i}.label = ${label}`, `linekey.${firstKey + i}.value = ${url}`]),
    ...lamps.flatMap(({ label, extension }, i) => {
      const at = firstKey + keys.length + i
      return [`linekey.${at}.type = 16`, `linekey.${at}.line = 1`, `linekey.${at}.label = ${label}`, `linekey.${at}.value = ${extension}`]
    }),
  ],
  fanvil: ({ keys, lamps }) => [
    '<!-- Type 1 with /ba: BLF. The numbers of the types XML Browser and Action URL differ by model: on the phone’s page, Function Key, -->',
    ...keys.map(({ label, url }) => `<!-- XML Browser, ${escapeXml(label)}: ${escapeXml(url)} -->`),
    '<dsskey><dssSide index="1">',
    ...lamps.map(({ label, extension }, i) => `<Fkey index="${firstKey + i}"><Type>1</Type><Value>${extension}@SIP1/ba</Value><Title>${escapeXml(label)}</Title></Fkey>`),
    '</dssSide></dsskey>',
  ],
  grandstream: ({ statusUrl, lamps }) => [
    '# P337, P352: XML application, by a soft key. P23000 and on: programmable keys. Digits in RTP (RFC 4733).',
    'P850 = 1',
    `P337 = ${statusUrl}`,
    'P352 = Tandem',
    ...lamps.flatMap(({ label, extension }, i) => [`P${23_000 + 5 * i} = BLF`, `P${23_001 + 5 * i} = 0`, `P${23_002 + 5 * i} = ${label}`, `P${23_003 + 5 * i} = ${extension}`]),
  ],
  snom: ({ keys, lamps, sipServer }) => [
    '<functionKeys e="2">',
    ...keys.map(({ label, url }, i) => `<fkey idx="${firstKey - 1 + i}" context="active" label="${escapeXml(label)}" perm="R">url ${escapeXml(url)}</fkey>`),
    ...lamps.map(({ label, extension }, i) => `<fkey idx="${firstKey - 1 + keys.length + i}" context="active" label="${escapeXml(label)}" perm="R">blf sip:${extension}@${sipServer}</fkey>`),
    '</functionKeys>',
  ],
  cisco: ({ keys, lamps }) => [
    '<!-- SEP<MAC>.cnf.xml, within sipLines. 20: service URL, 21: BLF speed dial. -->',
    ...keys.map(({ label, url }, i) => `<line button="${firstKey + i}"><featureID>20</featureID><featureLabel>${escapeXml(label)}</featureLabel><serviceURI>${escapeXml(url)}</serviceURI></line>`),
    ...lamps.map(({ label, extension }, i) => `<line button="${firstKey + keys.length + i}"><featureID>21</featureID><featureLabel>${escapeXml(label)}</featureLabel><speedDialNumber>${extension}</speedDialNumber></line>`),
    '<!-- Multiplatform phones, in their flat profile: -->',
    ...lamps.map(({ label, extension }, i) => `<Extended_Function_${firstKey + i}_>fnc=sd+blf;sub=${extension}@$PROXY;nme=${escapeXml(label)}</Extended_Function_${firstKey + i}_>`),
  ],
}
