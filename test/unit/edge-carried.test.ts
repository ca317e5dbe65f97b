import { expect, it } from 'vitest'
import { type Carried, carriedIn, decodeCarried, encodeCarried, fromUserToUser, positionAt, userToUser } from '../../src/domain/edge/carried.ts'
import { partsOf, pidfLo, positionOf, withLocation } from '../../src/domain/edge/location.ts'

const whole: Carried = { call: 'call-1', handover: 'ho-1', from: '110', mode: 'conference', danger: true, category: '社会治安类', item: '殴打伤害事故', link: 'https://a.example/x?y=1', position: 'geo:31.81,-121.67', dialled: '12345', trunk: 'police' }

it('is read back as it was written', () => {
  expect(encodeCarried(whole)).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(decodeCarried(encodeCarried(whole))).toEqual(whole)
})

it('User-to-User has what the desk needs, in hexadecimal, and is found among those of others', () => {
  const header = userToUser(whole) ?? ''
  expect(header).toMatch(/^([0-9a-f]{2})+;encoding=hex;/)
  expect(fromUserToUser(`56a390f3;encoding=hex;content=isdn-uui, ${header}`)).toEqual({ call: 'call-1', handover: 'ho-1', from: '110', mode: 'conference', danger: true, category: '社会治安类', item: '殴打伤害事故' })
})

it.each(['', 'x', '0g;content=tandem-handover', 'zz;encoding=hex;content=tandem-handover', '56a390f3;encoding=hex;content=isdn-uui', `${Buffer.from('[1]').toString('hex')};content=tandem-handover`, `${'00'.repeat(5_000)};content=tandem-handover`])('nothing foreign is taken for it: %.40s', (header) => {
  expect(fromUserToUser(header)).toBeUndefined()
})

it('of a foreign text what has the right form is taken, and no more', () => {
  expect(carriedIn(JSON.stringify({ call: 'c', handover: 7, from: '119', mode: 'push', danger: 'yes', item: 'a\nb', category: 'x'.repeat(61), link: 'javascript:alert(1)', position: 'geo:91,0', extra: 1 }))).toEqual({ call: 'c' })
  expect(carriedIn('null')).toBeUndefined()
  expect(decodeCarried('not base64!')).toBeUndefined()
})

it('a position is somewhere on Earth, or none', () => {
  expect(positionAt(31.81, '121.67')).toBe('geo:31.81,121.67')
  for (const [north, east] of [[91, 0], [0, 181], ['x', 1], [undefined, 1], ['1e5', 1], [Number.NaN, 1]]) expect(positionAt(north, east)).toBeUndefined()
})

it('a body with a position is taken apart as it was put together', () => {
  const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n'
  const { sdp: offer, pidf } = partsOf('multipart/mixed;boundary=tandem-part', withLocation(sdp, pidfLo('geo:31.81,121.67', 'sip:a&b@c', '2026-11-28T00:00:00Z')))
  expect(offer).toBe(sdp)
  expect(positionOf(pidf ?? '')).toBe('geo:31.81,121.67')
  expect(pidf).not.toContain('a&b')
})

it.each([['multipart/mixed', 'x'], ['multipart/mixed;boundary=a', '--b\r\n\r\nx'], ['application/sdp', ''], ['', '']])('a body that is broken is no position: %s', (type, body) => {
  expect(partsOf(type, body).pidf).toBeUndefined()
})
