import { expect, it } from 'vitest'
import { encodeCarried, userToUser } from '../../src/domain/edge/carried.ts'
import { callerIn, carriedBy, hopsLeft, incomingHeaders, type Outgoing, outgoingHeaders, passedOn, userOf } from '../../src/domain/edge/headers.ts'
import { referralOf, referToOf } from '../../src/domain/edge/referral.ts'

const reads = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name]
const nothing = reads({})
const out = (more: Partial<Outgoing> = {}): Outgoing => ({
  caller: { number: '13800001234', name: '张三', withheld: false },
  dialled: '110',
  carried: { call: 'call-1', handover: 'ho-1', dialled: '12345', link: 'https://a.example/ho-1', position: 'geo:1,2' },
  trusted: true,
  carries: ['user-to-user', 'call-info', 'geolocation', 'history-info', 'diversion'],
  host: '192.0.2.5',
  callId: 'call-1',
  handoverId: 'ho-1',
  ...more,
})

it('a network that is not trusted is told a number, and nothing else of the call', () => {
  const { contact, from, ...rest } = outgoingHeaders(out({ trusted: false }), nothing)
  expect(from).toBe('<sip:13800001234@localhost>')
  expect(contact).toBe('<sip:call-1@localhost>;isfocus')
  expect(rest).toEqual({})
})

it('a number that is withheld is not even that', () => {
  const headers = outgoingHeaders(out({ trusted: false, caller: { number: '13800001234', name: '张三', withheld: true } }), nothing)
  expect(JSON.stringify(headers)).not.toContain('13800001234')
  expect(headers).toMatchObject({ Privacy: 'id' })
  expect(outgoingHeaders(out({ caller: { number: '13800001234', withheld: true } }), nothing)).toMatchObject({ 'P-Asserted-Identity': '<sip:13800001234@192.0.2.5>', Privacy: 'id', from: '"Anonymous" <sip:anonymous@anonymous.invalid>' })
})

it('a trusted one is told what its trunk carries', () => {
  const all = outgoingHeaders(out(), nothing)
  expect(Object.keys(all).toSorted()).toEqual(['Call-Info', 'Diversion', 'Geolocation', 'Geolocation-Routing', 'History-Info', 'P-Asserted-Identity', 'User-to-User', 'X-Tandem-Call-Id', 'X-Tandem-Handover-Id', 'contact', 'from'])
  const few = outgoingHeaders(out({ carries: [] }), nothing)
  expect(Object.keys(few).toSorted()).toEqual(['P-Asserted-Identity', 'X-Tandem-Call-Id', 'X-Tandem-Handover-Id', 'contact', 'from'])
})

it('no header passes that is not named', () => {
  const sent = reads({ 'x-tandem-carried': encodeCarried({ call: 'x' }), 'x-internal': 'secret', 'user-agent': 'Tandem', 'session-expires': '180', supported: 'timer, 100rel, path', server: 'x' })
  for (const headers of [outgoingHeaders(out({ trusted: false }), sent), passedOn(sent)]) {
    expect(JSON.stringify(headers)).not.toMatch(/carried|secret|Tandem|100rel|path/i)
    expect(headers).toMatchObject({ 'Session-Expires': '180', Supported: 'timer' })
  }
})

it.each(['99999999999', '-1', '0', 'soon', '89'])('a session timer of %s is none', (value) => {
  expect(passedOn(reads({ 'session-expires': value, 'min-se': value }))).toEqual({})
})

it('what a network says of a hand-over is believed where it is trusted', () => {
  const said = reads({ 'user-to-user': userToUser({ handover: 'ho-9' }) ?? '', 'call-info': '<http://x.example/icon.png>;purpose=icon, <https://x.example/ho-9>;purpose=info', diversion: '<sip:110@x>;reason=unconditional', 'p-asserted-identity': '<sip:1@x>', from: '"Me" <sip:2@x>;tag=1' })
  expect(carriedBy(said, 'police', true, undefined)).toEqual({ handover: 'ho-9', trunk: 'police', link: 'https://x.example/ho-9', dialled: '110' })
  expect(carriedBy(said, 'carrier', false, '<pos>1 2</pos>')).toEqual({ trunk: 'carrier' })
  expect([callerIn(said, true).number, callerIn(said, false).number]).toEqual(['1', '2'])
})

it('Asterisk gets one asserted identity: the edge’s', () => {
  const headers = incomingHeaders({ number: '13800001234', name: 'a"b\\c', withheld: false }, { trunk: 'police' }, '192.0.2.5', nothing)
  expect(headers['P-Asserted-Identity']).toBe('"a\\"b\\\\c" <sip:13800001234@192.0.2.5>')
  expect(callerIn(reads({ from: headers['from'] ?? '' }), false).name).toBe('a"b\\c')
})

it('hops are counted, and end', () => {
  expect([hopsLeft(nothing), hopsLeft(reads({ 'max-forwards': '2' })), hopsLeft(reads({ 'max-forwards': '1' })), hopsLeft(reads({ 'max-forwards': 'x' })), hopsLeft(reads({ 'max-forwards': '9999' }))]).toEqual(['69', '1', undefined, undefined, '70'])
})

it.each([['<sip:110@x>', '110'], ['"a" <sip:+86110@x:5060;user=phone>;tag=1', '+86110'], ['sip:110@x', '110'], ['<tel:+86110;phone-context=x>', '+86110'], ['<sip:host.example>', undefined], ['sip:host:5060', undefined], ['', undefined]])('the user of %j is %j', (header, user) => {
  expect(userOf(header)).toBe(user)
})

const reachable = { desk: (user: string) => (user === '12345' ? ('12345' as const) : undefined), destination: (user: string) => (user === 'interpreter' ? user : undefined), party: (user: string) => (user === 'guest' ? 'call-1-2' : undefined) }
it.each([
  ['<sip:12345@x>', { kind: 'handover', to: '12345', mode: 'transfer' }],
  ['sip:12345@x', { kind: 'handover', to: '12345', mode: 'transfer' }],
  ['<sip:12345@x;method=INVITE>', { kind: 'handover', to: '12345', mode: 'conference' }],
  ['<sip:%31%32345@x>', { kind: 'handover', to: '12345', mode: 'transfer' }],
  ['<sip:interpreter@x>', { kind: 'invite', destination: 'interpreter' }],
  ['<sip:guest@x;method=BYE>', { kind: 'drop', party: 'call-1-2' }],
  ['<sip:nobody@x;method=BYE>', { kind: 'refused', status: 404 }],
  ['<sip:nobody@x>', { kind: 'refused', status: 404 }],
  ['<sip:12345@x?Replaces=a%3Bto-tag%3D1>', { kind: 'refused', status: 501 }],
  ['<sip:12345@x;method=SUBSCRIBE>', { kind: 'refused', status: 501 }],
])('Refer-To %s', (header, wanted) => {
  const referTo = referToOf(header)
  expect(referTo && referralOf(referTo, reachable)).toEqual(wanted)
})

it.each(['', 'nonsense', '<>', '<http://x>', '<sip:@x>'])('Refer-To %j says nothing', (header) => {
  expect(referToOf(header)).toBeUndefined()
})
