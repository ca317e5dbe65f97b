import { describe, expect, test } from 'vitest'
import { SessionReader } from '../../src/lab/phone-recorder.ts'
import { decodeNetstrings, encodeNetstring } from '../../src/lab/phone-control.ts'
import { encodeWav } from '../../src/lab/wav.ts'

const frame = (value: number) => Buffer.from(new Uint8Array(new Int16Array(160).fill(value).buffer))
const header = (dataLength: number) => {
  const bytes = encodeWav(new Int16Array(0), 8000)
  bytes.writeUInt32LE(dataLength, 40)
  return bytes
}
/** As baresip sends it: a header without a length, sound, and the true header at the end. */
const session = (...values: number[]) => Buffer.concat([header(0), ...values.map(frame), header(values.length * 320)])
const soundOf = (reader: SessionReader) => reader.sessions.map((each) => Buffer.concat(each.chunks))

describe('SessionReader', () => {
  test.each([1, 7, 44, 333, 10_000])('finds the sessions in a stream that comes %d bytes at a time', (size) => {
    const stream = Buffer.concat([session(1, 2), session(3)])
    const reader = new SessionReader()
    for (let at = 0; at < stream.length; at += size) reader.read(stream.subarray(at, at + size), 0)
    expect(soundOf(reader)).toEqual([Buffer.concat([frame(1), frame(2)]), frame(3)])
  })

  test('dates a session by its earliest bytes, whatever came late', () => {
    const reader = new SessionReader()
    reader.read(Buffer.concat([header(0), frame(1), frame(2)]), 1025)
    reader.read(Buffer.concat([frame(3), frame(4)]), 1060)
    reader.read(Buffer.concat([frame(5), header(1600)]), 1900)
    expect(reader.sessions.map((each) => each.startedAtMs)).toEqual([1000])
  })
})

test('netstrings are counted in bytes and may come in pieces', () => {
  const stream = Buffer.concat([encodeNetstring('{"name":"王女士"}'), encodeNetstring('second')])
  const first = decodeNetstrings(stream.subarray(0, stream.length - 3))
  expect(first.texts).toEqual(['{"name":"王女士"}'])
  expect(decodeNetstrings(Buffer.concat([first.rest, stream.subarray(stream.length - 3)]))).toEqual({
    texts: ['second'],
    rest: Buffer.alloc(0),
  })
})
