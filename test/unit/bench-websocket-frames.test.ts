import { describe, expect, it } from 'vitest'
import { WebSocketFrames } from '../bench/websocket-frames.ts'

const upgrade = Buffer.from('GET /ari/events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
/** RFC 6455 §5.7: a single-frame text message "Hello", masked, as a client sends it; and not, as a server does. */
const masked = Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
const unmasked = Buffer.from([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
/** The same section: an unmasked ping. */
const ping = Buffer.from([0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])

const textsOf = (frames: WebSocketFrames, chunk: Buffer): readonly string[] => frames.take(chunk).map((text) => text())

describe('text frames of a WebSocket', () => {
  it('are read behind the upgrade, masked or not', () => {
    expect(textsOf(new WebSocketFrames(), Buffer.concat([upgrade, masked, unmasked]))).toEqual(['Hello', 'Hello'])
  })

  it('are read however they are cut into pieces', () => {
    const frames = new WebSocketFrames()
    const bytes = Buffer.concat([upgrade, masked, ping, unmasked])
    expect(Array.from(bytes, (byte) => textsOf(frames, Buffer.from([byte]))).flat()).toEqual(['Hello', 'Hello'])
  })

  it('may be longer than 125 bytes', () => {
    const text = 'x'.repeat(300)
    const frames = new WebSocketFrames()
    frames.take(upgrade)
    expect(textsOf(frames, Buffer.concat([Buffer.from([0x81, 126, 0x01, 0x2c]), Buffer.from(text)]))).toEqual([text])
  })

  it('are not looked for in plain HTTP', () => {
    const frames = new WebSocketFrames()
    expect(textsOf(frames, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello'))).toEqual([])
  })
})
