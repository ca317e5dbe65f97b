/** One direction of a connection that becomes a WebSocket (RFC 6455 §5.2): its text frames, none of them fragmented, as ari-client and Asterisk send them. */
export class WebSocketFrames {
  #rest = Buffer.alloc(0)
  #upgraded = false

  /** @returns the text frames that are complete now, each read when asked for */
  take(chunk: Buffer): readonly (() => string)[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    if (!this.#upgraded && !this.#passHead()) return []
    const texts: (() => string)[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) if (frame.opcode === 1) texts.push(frame.text)
    return texts
  }

  /** The HTTP head before; what is no upgrade is passed over. */
  #passHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return false
    this.#upgraded = /^upgrade: *websocket\r?$/im.test(this.#rest.toString('latin1', 0, end + 2))
    this.#rest = this.#upgraded ? this.#rest.subarray(end + 4) : Buffer.alloc(0)
    return this.#upgraded
  }

  #next(): { readonly opcode: number; readonly text: () => string } | undefined {
    const bytes = this.#rest
    if (bytes.length < 2) return undefined
    const [opcode, short, masked] = [(bytes[0] ?? 0) & 0x0f, (bytes[1] ?? 0) & 0x7f, ((bytes[1] ?? 0) & 0x80) !== 0]
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const headBytes = 2 + lengthBytes + (masked ? 4 : 0)
    if (bytes.length < headBytes) return undefined
    const length = lengthBytes === 0 ? short : Number(lengthBytes === 2 ? bytes.readUInt16BE(2) : bytes.readBigUInt64BE(2))
    if (bytes.length < headBytes + length) return undefined
    const body = bytes.subarray(headBytes, headBytes + length)
    const mask = bytes.subarray(headBytes - 4, headBytes)
    this.#rest = bytes.subarray(headBytes + length)
    return { opcode, text: () => (masked ? body.map((byte, i) => byte ^ (mask[i % 4] ?? 0)) : body).toString() }
  }
}
