import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { AriBridge, AriChannel } from './ari-events.ts'
import { heartbeat } from './heartbeat.ts'
import { movedVariable } from './names.ts'
import { type Rescue, rescues } from './rescue.ts'

const requestMs = 2_000
/** Between two looks there is a second. */
const sleptMs = 2_500

/**
 * Watches the service's heartbeat from outside, over plain HTTP, and does for its callers what must be done when it stands
 * still. It knows nothing but what Asterisk says.
 */
export class Watchdog {
  readonly #config: Config['asterisk']
  readonly #logger: Logger
  #beat: string | undefined
  /** Monotonic ms since when it is the same. */
  #since = 0
  #lookedAt = performance.now()

  constructor(config: Config['asterisk'], logger: Logger) {
    this.#config = config
    this.#logger = logger
  }

  /** One look. Never rejects. @returns what was done */
  async look(): Promise<readonly Rescue[]> {
    try {
      if (await this.#beats()) return []
      const [channels, bridges] = await Promise.all([this.#get<readonly AriChannel[]>('channels'), this.#get<readonly AriBridge[]>('bridges')])
      const found = rescues(channels, bridges, this.#config.application)
      if (found.length > 0) this.#logger.error({ rescues: found }, 'no heartbeat: callers would be alone')
      for (const rescue of found) {
        // oxlint-disable-next-line no-await-in-loop -- who rings in vain ends before the desk is rung again
        await this.#do(rescue)
      }
      return found
    } catch (error) {
      // Asterisk away: there is nobody to be helped.
      this.#logger.warn({ err: error }, 'Asterisk could not be asked')
      return []
    }
  }

  /** Whether it has changed of late, by this process's own clock: whose wall clock is right does not matter. */
  async #beats(): Promise<boolean> {
    const { value } = await this.#get<{ value: string }>(`asterisk/variable?variable=${heartbeat.variable}`)
    const now = performance.now()
    // What happened while this process itself stood still is not known: it looks on for a while.
    const slept = now - this.#lookedAt > sleptMs
    this.#lookedAt = now
    if (value !== this.#beat || slept) [this.#beat, this.#since] = [value, now]
    // Before the first beat nobody is in the application.
    return value === '' || now - this.#since <= heartbeat.staleSec * 1000
  }

  async #do(rescue: Rescue): Promise<void> {
    const channel = encodeURIComponent(rescue.channel)
    try {
      switch (rescue.type) {
        case 'hang-up':
          return await this.#send('DELETE', `channels/${channel}`)
        case 'join':
          await this.#send('POST', `channels/${channel}/answer`)
          await this.#send('DELETE', `channels/${channel}/moh`)
          // An adopted talk may have none yet. One that is there is answered with a 500.
          await this.#ask('POST', `bridges/${rescue.bridge}?type=mixing,dtmf_events&name=${this.#config.application}`)
          await this.#send('DELETE', `bridges/${rescue.bridge}/moh`)
          return await this.#send('POST', `bridges/${rescue.bridge}/addChannel?channel=${channel}`)
        case 'move-on':
          // The service learns by it, should it wake up, that he was not lost.
          await this.#send('POST', `channels/${channel}/variable?variable=${movedVariable}&value=1`)
          return await this.#send('POST', `channels/${channel}/continue?context=tandem-fallback&extension=${rescue.platform}&priority=1`)
      }
    } catch (error) {
      // The others are to be helped all the same; the next look tries again.
      this.#logger.error({ err: error, rescue }, 'a rescue failed')
    }
  }

  async #get<T>(path: string): Promise<T> {
    return (await this.#ask('GET', path)).json() as Promise<T>
  }

  /** What is gone, or not so, needs nothing: 404, 409 and 422 are as good as done. */
  async #send(method: string, path: string): Promise<void> {
    const { status, statusText } = await this.#ask(method, path)
    if (status >= 300 && ![404, 409, 422].includes(status)) throw new Error(`${method} ${path}: ${status} ${statusText}`)
  }

  #ask(method: string, path: string): Promise<Response> {
    const { host, httpPort, username, ariPassword } = this.#config
    const authorization = `Basic ${Buffer.from(`${username}:${ariPassword}`).toString('base64')}`
    const name = host.includes(':') ? `[${host}]` : host
    return fetch(`http://${name}:${httpPort}/ari/${path}`, { method, headers: { authorization }, signal: AbortSignal.timeout(requestMs) })
  }
}
