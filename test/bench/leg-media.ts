import type { LabAsterisk } from '../../src/lab/asterisk.ts'

/** 20 ms each. */
const packetsPerSec = 50
/** Of the packets that are due between two looks, which themselves take some ms. */
const leastShare = 0.8

interface Look {
  /** `performance.now()`. */
  readonly at: number
  readonly bridge: string
  readonly received: number
  readonly sent: number
}

/** The leg's share of the packets due, the worse of both ways, at its worst moment. */
interface Leg {
  last: Look
  share: number | undefined
}

/**
 * RTP of every leg, both ways, as Asterisk counts it (`pjsip show channelstats`): judged between two looks at which the leg
 * is in the same bridge.
 */
export class LegMedia {
  readonly #asterisk: LabAsterisk
  readonly #legs = new Map<string, Leg>()

  constructor(asterisk: LabAsterisk) {
    this.#asterisk = asterisk
  }

  async look(): Promise<void> {
    const before = performance.now()
    const text = await this.#asterisk.rx('pjsip show channelstats')
    const at = (before + performance.now()) / 2
    for (const line of text.split('\n')) this.#take(at, line)
  }

  /** Legs that had their packets whenever they were looked at. */
  get good(): number {
    return [...this.#legs.values()].filter(({ share = 0 }) => share >= leastShare).length
  }

  /** Of the packets due, at the worst leg's worst moment. */
  get worstShare(): number {
    return Math.min(...[...this.#legs.values()].flatMap(({ share }) => share ?? []))
  }

  #take(at: number, line: string): void {
    const row = /^ (.{8}) (\S+-[0-9a-f]{8}) +\S+ +\S+ +(\d+) +\d+ +\d+ +[\d.]+ +(\d+) /.exec(line)
    if (!row) return
    const [, bridge = '', name = '', received, sent] = row
    const look = { at, bridge: bridge.trim(), received: Number(received), sent: Number(sent) }
    const leg = this.#legs.get(name) ?? { last: look, share: undefined }
    const { last } = leg
    if (look.bridge !== '' && look.bridge === last.bridge && at > last.at) {
      const due = ((at - last.at) / 1000) * packetsPerSec
      leg.share = Math.min(leg.share ?? Infinity, (look.received - last.received) / due, (look.sent - last.sent) / due)
    }
    leg.last = look
    this.#legs.set(name, leg)
  }
}
