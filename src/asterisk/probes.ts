import type { Probe, Sound } from '../domain/test-call.ts'
import type { AriEvent } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'
import { testToneClass } from './music-classes.ts'

/** Of `TALK_DETECT`: silence that ends a sound, ms, less than the tone's pauses; and the mean amplitude from which on a frame is heard. */
const talkDetect = '200,256'

interface Listening {
  readonly startedAt: number
  readonly sounds: Sound[]
  readonly enough: (sounds: readonly Sound[]) => boolean
  readonly over: () => void
}

/**
 * Test tones to answered legs, and what is heard from them (Asterisk docs, "TALK_DETECT"). The tone is music on hold: while a
 * playback of `tone:` runs, Asterisk throws away what comes in before it could be heard.
 */
export class Probes {
  readonly #link: AriLink
  readonly #listening = new Map<string, Listening>()

  constructor(link: AriLink) {
    this.#link = link
  }

  /** @throws AriError when the PBX refuses */
  async run(leg: string, withinMs: number, enough: Listening['enough']): Promise<Probe> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const listening: Listening = { startedAt: performance.now(), sounds: [], enough, over: resolve }
    this.#listening.set(leg, listening)
    const timer = setTimeout(resolve, withinMs)
    try {
      await this.#link.request('channels', 'setChannelVar', { channelId: leg, variable: 'TALK_DETECT(set)', value: talkDetect })
      await this.#link.request('channels', 'startMoh', { channelId: leg, mohClass: testToneClass })
      await promise
      return { sounds: listening.sounds, packets: await this.#packets(leg) }
    } finally {
      clearTimeout(timer)
      this.#listening.delete(leg)
    }
  }

  heard(event: Extract<AriEvent, { type: 'ChannelTalkingStarted' | 'ChannelTalkingFinished' }>): void {
    const listening = this.#listening.get(event.channel.id)
    if (!listening) return
    const { sounds, startedAt, enough, over } = listening
    if (event.type === 'ChannelTalkingStarted') sounds.push({ fromMs: performance.now() - startedAt })
    else sounds.push({ fromMs: sounds.pop()?.fromMs ?? 0, forMs: event.duration })
    if (enough(sounds)) over()
  }

  legEnded(leg: string): void {
    this.#listening.get(leg)?.over()
  }

  async #packets(leg: string): Promise<Probe['packets']> {
    const { txcount, rxcount } = (await this.#link.request('channels', 'rtpstatistics', { channelId: leg })) as { txcount: number; rxcount: number }
    return { sent: txcount, received: rxcount }
  }
}
