import type { Logger } from 'pino'
import { type Platform, platforms } from '../domain/handover/handover.ts'
import { decodeCarried } from '../domain/edge/carried.ts'
import type { Arrival } from '../domain/call/events.ts'
import type { Caller } from '../domain/call/state.ts'
import type { AriChannel } from './ari-events.ts'
import type { AriLink } from './ari-link.ts'
import { unlessGone } from './ari-error.ts'
import { bridgeOf, carriedVariable } from './names.ts'

/** @param args of `Stasis()` @returns undefined for a channel that the dialplan did not give us as a citizen’s */
export function arrivalOf(channel: AriChannel, args: readonly string[]): Omit<Arrival, 'id'> | undefined {
  const platform = platforms.find((p) => p === args[1])
  if (args[0] !== 'inbound' || !platform) return undefined
  return {
    platform,
    dialled: channel.dialplan?.exten ?? platform,
    ...carriedTo(channel),
    caller: callerOf(channel),
  }
}

/** By the edge alone: the dialplan sets the variable for its calls. */
function carriedTo({ channelvars }: AriChannel): Pick<Arrival, 'carried'> {
  const carried = decodeCarried(channelvars?.[carriedVariable] ?? '')
  return carried ? { carried } : {}
}

export const callerOf = (channel: AriChannel): Caller => ({
  channelId: channel.id,
  number: channel.caller.number,
  ...(channel.caller.name ? { name: channel.caller.name } : {}),
  ...(channel.protocol_id ? { sipCallId: channel.protocol_id } : {}),
})

/** The legs of citizens who called: they come by the dialplan, and may go back to it. */
export class Callers {
  readonly #link: AriLink
  readonly #logger: Logger
  /** In our hands, by channel; whether he has been answered before. */
  readonly #here = new Map<string, boolean>()
  /** With whom we are done, until the PBX has been told. */
  readonly #parting = new Map<string, () => Promise<unknown>>()

  constructor(link: AriLink, logger: Logger) {
    this.#link = link
    this.#logger = logger
  }

  /** @returns undefined for one who is known, and for a channel that is in our application by mistake */
  arrived(channel: AriChannel, args: readonly string[]): Omit<Arrival, 'id'> | undefined {
    if (this.#here.has(channel.id)) return undefined
    const arrival = arrivalOf(channel, args)
    if (arrival) this.#here.set(channel.id, false)
    else this.#logger.warn({ channel: channel.id, args }, 'channel in our application that is not ours')
    return arrival
  }

  /** He came unseen, is adopted, or another process had him. */
  takeOver(channelId: string, answered = false): void {
    this.#here.set(channelId, answered)
  }

  /** @returns whether he was in our hands */
  left(channelId: string): boolean {
    return this.#here.delete(channelId)
  }

  /** In our hands, or on the way out of them. */
  has(channelId: string): boolean {
    return this.#here.has(channelId) || this.#parting.has(channelId)
  }

  async answer(callId: string, channelId: string): Promise<void> {
    // A caller who has just left, or was moved on, is told by StasisEnd.
    if (!this.#here.get(channelId)) await unlessGone(this.#link.request('channels', 'answer', { channelId }))
    await unlessGone(this.#link.request('bridges', 'addChannel', { bridgeId: bridgeOf(callId), channel: channelId }), [400, 404, 409, 422])
  }

  /** For whoever looks at Asterisk alone. Nobody waits for it, and a call without it is as good. */
  note(callId: string, channelId: string): void {
    for (const [variable, value] of [['TANDEM_CALL_ID', callId] as const, ['TANDEM_ROLE', 'caller'] as const]) {
      this.#link.request('channels', 'setChannelVar', { channelId, variable, value }).catch((error: unknown) => {
        this.#logger.warn({ err: error, variable }, 'a channel variable could not be set')
      })
    }
  }

  async hangUp(channelId: string): Promise<void> {
    await this.#certainly(channelId, () => this.#link.request('channels', 'hangup', { channelId }))
  }

  async giveBack(channelId: string, platform: Platform): Promise<void> {
    this.#here.delete(channelId)
    const where = { context: 'tandem-fallback', extension: platform, priority: 1 }
    await this.#certainly(channelId, () => this.#link.request('channels', 'continueInDialplan', { channelId, ...where }))
  }

  /** What may not have reached the PBX is said again. */
  partAgain(live: { has(channelId: string): boolean }): void {
    // Still not to be had: it is said once more when control is back.
    for (const [channelId, request] of this.#parting) if (live.has(channelId)) void this.#certainly(channelId, request).catch(() => undefined)
  }

  /** The end of our part in a caller's leg: repeated when control is back, until the PBX has done it. */
  async #certainly(channelId: string, request: () => Promise<unknown>): Promise<void> {
    this.#parting.set(channelId, request)
    await unlessGone(request())
    this.#parting.delete(channelId)
  }
}
