import type { CallSummary } from '../domain/facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import type { Referral } from '../domain/edge/referral.ts'

/** Tandem could not be asked, or did not answer in time: whether it did what was asked is unknown. */
export class TandemAway extends Error {
  override readonly name = 'TandemAway'
}

/** For one answer, ms. */
const answerMs = 5_000

export interface Commanded {
  /** Of HTTP. */
  readonly status: number
  readonly handover?: Handover
  /** Why it was refused: the problem’s code. */
  readonly code?: string
}

/** Tandem’s own HTTP interface, as the edge uses it. */
export class TandemApi {
  readonly #base: string
  readonly #key: string

  /** @param base of its address, without a path */
  constructor(base: string, key: string) {
    this.#base = base.replace(/\/$/, '')
    this.#key = key
  }

  /** @returns undefined for a call that is not there any longer @throws TandemAway */
  async call(id: string): Promise<CallSummary | undefined> {
    const { status, body } = await this.#ask('GET', `/v1/calls/${encodeURIComponent(id)}`)
    return status === 200 ? ((body as { call?: CallSummary }).call ?? (body as CallSummary)) : undefined
  }

  /** @returns undefined for one that is not there @throws TandemAway */
  async handover(id: string): Promise<Handover | undefined> {
    const { status, body } = await this.#ask('GET', `/v1/handovers/${encodeURIComponent(id)}`)
    return status === 200 ? (body as { handover: Handover }).handover : undefined
  }

  /**
   * What a REFER asks for, by the same commands as everybody’s.
   * @param by the trunk that asks @param key names the REFER: the same one again is the same command
   * @throws TandemAway
   */
  async command(callId: string, referral: Exclude<Referral, { kind: 'refused' }>, by: string, key: string): Promise<Commanded> {
    const call = `/v1/calls/${encodeURIComponent(callId)}/parties`
    const [path, body] =
      referral.kind === 'handover'
        ? ['/v1/handovers', { call: callId, agent: by, to: referral.to, mode: referral.mode }]
        : referral.kind === 'invite'
          ? [call, { destination: referral.destination }]
          : [`${call}/${encodeURIComponent(referral.party)}/drop`, { agent: by }]
    const answer = await this.#ask('POST', path, body, key)
    const { handover, code } = answer.body as Partial<Commanded>
    return { status: answer.status, ...(handover ? { handover } : {}), ...(code === undefined ? {} : { code }) }
  }

  async #ask(method: string, path: string, body?: object, key?: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const headers = { authorization: `Bearer ${this.#key}`, ...(body ? { 'content-type': 'application/json' } : {}), ...(key === undefined ? {} : { 'idempotency-key': key }) }
    try {
      const response = await fetch(`${this.#base}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}), signal: AbortSignal.timeout(answerMs) })
      return { status: response.status, body: await response.json() }
    } catch (error) {
      throw new TandemAway(`${method} ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}
