import { v7 as uuid } from 'uuid'
import type { AriLink } from './ari-link.ts'

const startMs = 2_000
const gone = () => undefined

interface Whisper {
  readonly snoop: string
  readonly bridge: string
}

/**
 * Legs that hear a talk through a snoop on one of its legs, into which alone they speak (ARI `snoop`, `whisper=out`). A
 * snoop outlives both of them: it is ended with the whisper.
 */
export class Whispers {
  readonly #link: AriLink
  readonly #application: string
  readonly #byLeg = new Map<string, Whisper>()
  readonly #starting = new Map<string, () => void>()

  constructor(link: AriLink, application: string) {
    this.#link = link
    this.#application = application
  }

  /** @throws AriError when the PBX refuses */
  async begin(leg: string, to: string): Promise<void> {
    await this.end(leg)
    const name = `${leg}-whisper-${uuid()}`
    const whisper: Whisper = { snoop: `snoop-${name}`, bridge: `bridge-${name}` }
    this.#byLeg.set(leg, whisper)
    const started = this.#started(whisper.snoop)
    await this.#link.request('bridges', 'create', { bridgeId: whisper.bridge, type: 'mixing', name: this.#application })
    await this.#link.request('channels', 'snoopChannelWithId', {
      channelId: to,
      snoopId: whisper.snoop,
      spy: 'both',
      whisper: 'out',
      app: this.#application,
      appArgs: 'snoop',
    })
    await started
    // Ended while it began: the snoop came after its hang-up.
    if (this.#byLeg.get(leg) !== whisper) return this.#undo(whisper)
    for (const channel of [whisper.snoop, leg]) {
      // oxlint-disable-next-line no-await-in-loop -- two
      await this.#link.request('bridges', 'addChannel', { bridgeId: whisper.bridge, channel })
    }
  }

  /** Harmless when the leg does not whisper. */
  async end(leg: string): Promise<void> {
    const whisper = this.#byLeg.get(leg)
    this.#byLeg.delete(leg)
    if (whisper) await this.#undo(whisper)
  }

  async #undo(whisper: Whisper): Promise<void> {
    // Either may be gone with what it hung on.
    await Promise.all([
      this.#link.request('channels', 'hangup', { channelId: whisper.snoop }).catch(gone),
      this.#link.request('bridges', 'destroy', { bridgeId: whisper.bridge }).catch(gone),
    ])
  }

  /** Of a whisper that goes on. */
  has(id: string): boolean {
    return [...this.#byLeg.values()].some(({ snoop, bridge }) => snoop === id || bridge === id)
  }

  /** A channel has entered the application. @returns whether it is a snoop of ours */
  entered(channelId: string): boolean {
    this.#starting.get(channelId)?.()
    return channelId.startsWith('snoop-')
  }

  #started(snoop: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = () => {
      clearTimeout(timer)
      this.#starting.delete(snoop)
      resolve()
    }
    // Late or never: the request that follows is refused, and says so.
    const timer = setTimeout(done, startMs)
    this.#starting.set(snoop, done)
    return promise
  }
}
