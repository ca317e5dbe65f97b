/** Where the caller is, as SIP conveys it: PIDF-LO (RFC 4119, profile of RFC 5491) in a part of the body that `Geolocation` names (RFC 6442). Pure. */
import { type Position, positionAt } from './carried.ts'

/** The part’s Content-ID. */
const contentId = 'position@tandem'
export const geolocation = `<cid:${contentId}>`
const boundary = 'tandem-part'
export const multipart = `multipart/mixed;boundary=${boundary}`

/** @param entity the caller, as `sip:13800001234@edge` @param at UTC, ISO 8601 */
export const pidfLo = (position: Position, entity: string, at: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="${entity.replace(/[<>&"]/g, '')}">
<dm:device id="caller"><gp:geopriv><gp:location-info><gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>${position.slice('geo:'.length).replace(',', ' ')}</gml:pos></gml:Point></gp:location-info><gp:usage-rules/></gp:geopriv><dm:timestamp>${at}</dm:timestamp></dm:device>
</presence>
`

/** @returns undefined for XML without a point or circle in WGS 84; latitude comes first (EPSG:4326) */
export function positionOf(pidf: string): Position | undefined {
  const [, latitude, longitude] = /<(?:\w+:)?pos>\s*(-?[0-9.]+)\s+(-?[0-9.]+)/.exec(pidf) ?? []
  return positionAt(latitude, longitude)
}

/** A body of SDP and PIDF-LO (RFC 2046 §5.1). */
export const withLocation = (sdp: string, pidf: string): string =>
  `--${boundary}\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--${boundary}\r\nContent-Type: application/pidf+xml\r\nContent-ID: <${contentId}>\r\n\r\n${pidf.replace(/\r?\n/g, '\r\n')}\r\n--${boundary}--\r\n`

export interface BodyParts {
  readonly sdp: string
  readonly pidf?: string
}

/** @param type of the body as a whole @returns its SDP, empty when there is none, and its PIDF-LO */
export function partsOf(type: string, body: string): BodyParts {
  const limit = /^multipart\/\w+.*?;\s*boundary="?([^";]+)"?/i.exec(type)?.[1]
  if (limit === undefined) return /^application\/pidf\+xml/i.test(type) ? { sdp: '', pidf: body } : { sdp: body }
  const parts = body.split(`--${limit}`).map((part) => /^\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(part))
  const content = (wanted: string) => parts.find((part) => part?.[1] && new RegExp(`^content-type:\\s*${wanted}`, 'im').test(part[1]))?.[2]
  const [sdp, pidf] = [content('application/sdp') ?? '', content('application/pidf\\+xml')]
  return { sdp: sdp.replace(/(\r?\n)+$/, '\r\n'), ...(pidf === undefined ? {} : { pidf }) }
}
