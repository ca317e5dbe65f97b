/** SIP messages that nobody should send, in the spirit of RFC 4475: `{id}` is filled in with what is different each time. */
export interface Malformed {
  readonly name: string
  readonly lines: readonly string[]
  /** Status of the answer. */
  readonly answer: number | 'silence'
  readonly body?: string
  /** sipp would not send it, or would put it right. */
  readonly byHand?: true
}

const via = 'Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK{id}'
const from = 'From: <sip:odd@[local_ip]>;tag={id}'
const to = 'To: <sip:12345@[remote_ip]>'
const rest = (method: string, cseq = '1') => [`Call-ID: {id}@[local_ip]`, `CSeq: ${cseq} ${method}`, 'Max-Forwards: 70', 'Contact: <sip:odd@[local_ip]:[local_port]>']
const uri = 'sip:[remote_ip]:[remote_port]'
const whole = (method: string, { start = `${method} ${uri} SIP/2.0`, more = [] as readonly string[], length = 'Content-Length: 0' } = {}) => [start, via, from, to, ...rest(method), ...more, length]

export const malformed: readonly Malformed[] = [
  { byHand: true, name: 'compact forms, odd case and white space', lines: [`OPTIONS ${uri} SIP/2.0`, 'v: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK{id}', 'f:\t"quoted \\" string" <sip:odd@[local_ip]>;tag={id}', 't: <sip:12345@[remote_ip]>', 'i: {id}@[local_ip]', 'CSeq:   1    OPTIONS', 'mAX-fORWARDS:   70', 'm: <sip:odd@[local_ip]:[local_port]>', 'NewFangledHeader:   newfangled value', 'l: 0'], answer: 200 },
  { name: 'long values', lines: whole('OPTIONS', { more: [`Unknown-Long-Name: unknown-${'very-'.repeat(100)}long-value`, `Subject: ${'x'.repeat(2_000)}`] }), answer: 200 },
  { name: 'a display name right before its bracket', lines: [`OPTIONS ${uri} SIP/2.0`, via, 'From: caller<sip:odd@[local_ip]>;tag={id}', to, ...rest('OPTIONS'), 'Content-Length: 0'], answer: 200 },
  { name: 'a number that is escaped', lines: whole('INVITE', { start: 'INVITE sip:%31%32%33@[remote_ip]:[remote_port] SIP/2.0' }), answer: 404 },
  { name: 'an unknown method', lines: whole('RE!%Z4+'), answer: 'silence' },
  { name: 'an unknown scheme', lines: whole('OPTIONS', { start: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0' }), answer: 416 },
  { name: 'a version of SIP that is not there yet', lines: whole('OPTIONS', { start: `OPTIONS ${uri} SIP/7.0` }), answer: 505 },
  { name: 'a number of CSeq that is too large', lines: [`OPTIONS ${uri} SIP/2.0`, via, from, to, ...rest('OPTIONS', '36893488147419103232'), 'Content-Length: 0'], answer: 400 },
  { name: 'a method of CSeq that is another', lines: [`OPTIONS ${uri} SIP/2.0`, via, from, to, ...rest('INVITE'), 'Content-Length: 0'], answer: 400 },
  { name: 'a string that never ends', lines: [`OPTIONS ${uri} SIP/2.0`, via, from, 'To: "Mr. J. User <sip:12345@[remote_ip]>', ...rest('OPTIONS'), 'Content-Length: 0'], answer: 400 },
  { name: 'a body that is longer than the message', lines: whole('INVITE', { length: 'Content-Length: 9999', more: ['Content-Type: application/sdp'] }), answer: 400, body: 'v=0' },
  { name: 'a body of negative length', lines: whole('INVITE', { length: 'Content-Length: -999' }), answer: 400 },
  { name: 'brackets around the request URI', lines: whole('INVITE', { start: 'INVITE <sip:12345@[remote_ip]:[remote_port]> SIP/2.0' }), answer: 400 },
  { name: 'white space in the request URI', lines: whole('INVITE', { start: 'INVITE sip:12345@[remote_ip]:[remote_port]; lr SIP/2.0' }), answer: 'silence' },
  { name: 'no Call-ID, From and To', lines: [`INVITE ${uri} SIP/2.0`, via, 'CSeq: 1 INVITE', 'Content-Length: 0'], answer: 'silence' },
  { name: 'separators without anything between them', lines: [`INVITE ${uri} SIP/2.0`, `${via};;,;,,`, 'From: "" <sip:odd@[local_ip]>;;tag={id}', to, ...rest('INVITE'), 'Contact: ;;,;,', 'Content-Length: 0'], answer: 'silence' },
  { name: 'a call in a dialog that nobody knows', lines: [`INVITE ${uri} SIP/2.0`, via, from, `${to};tag=gone`, ...rest('INVITE'), 'Content-Length: 0'], answer: 481 },
  { name: 'a BYE of a call that nobody knows', lines: [`BYE ${uri} SIP/2.0`, via, from, `${to};tag=gone`, ...rest('BYE'), 'Content-Length: 0'], answer: 481 },
  { name: 'a CANCEL of nothing', lines: [`CANCEL ${uri} SIP/2.0`, via, from, to, ...rest('CANCEL'), 'Content-Length: 0'], answer: 481 },
  { name: 'an ACK of nothing', lines: whole('ACK'), answer: 'silence' },
  { name: 'an answer to nothing', lines: ['SIP/2.0 200 OK', via, from, `${to};tag=x`, ...rest('INVITE'), 'Content-Length: 0'], answer: 'silence' },
  { byHand: true, name: 'a status that is none', lines: ['SIP/2.0 4294967301 better not break the receiver', via, from, `${to};tag=x`, ...rest('INVITE'), 'Content-Length: 0'], answer: 'silence' },
  { name: 'a REFER without a call', lines: whole('REFER', { more: ['Refer-To: <sip:12345@[remote_ip]>'] }), answer: 'silence' },
  { name: 'a REGISTER', lines: whole('REGISTER'), answer: 405 },
  { byHand: true, name: 'no SIP at all', lines: ['GET / HTTP/1.1', 'Host: [remote_ip]'], answer: 'silence' },
  { byHand: true, name: 'a start line and nothing else', lines: ['INVITE'], answer: 'silence' },
]
