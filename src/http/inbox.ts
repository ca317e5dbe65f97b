import type { Config } from '../config/schema.ts'
import { factVersion } from '../domain/facts.ts'
import type { MessageFact } from '../domain/service-facts.ts'
import type { Journal, StoredAnswer } from '../journal/journal.ts'
import { verifyWebhook, type WebhookFault } from '../tickets/signature.ts'

/** Ids are remembered for a day; what is older is too old by its timestamp long before. */
const keepMs = 86_400_000
/** Refusals of an endpoint that are kept as facts each minute; of the others only how many there were: anybody can send. */
const refusalsAMinute = 30
const minuteMs = 60_000

export type InboxRefusal = WebhookFault | 'message-replayed' | 'malformed-body' | 'endpoint-not-found' | 'not-durable'
export type Taken = { readonly id: string } | { readonly refused: InboxRefusal }

interface Refusals {
  readonly since: number
  readonly kept: number
  readonly more: number
}

/** What other systems send us, signed as we sign what we send them. Each message is taken once, when it is on disk; each refusal is a fact. */
export class Inbox {
  readonly #endpoints: Config['tickets']['endpoints']
  readonly #journal: Journal
  /** When each was taken, by endpoint and id; UTC ms. */
  readonly #taken: Map<string, number>
  readonly #refusals = new Map<string, Refusals>()

  /** @param answers of the last day, as the journal has them: those to messages say which were taken */
  constructor(endpoints: Config['tickets']['endpoints'], journal: Journal, answers: readonly StoredAnswer[]) {
    this.#endpoints = endpoints
    this.#journal = journal
    this.#taken = new Map(answers.flatMap(({ scope, key, at }) => (scope.startsWith(scopePrefix) ? [[`${scope} ${key}`, at] as const] : [])))
  }


  /** @param body the bytes received, before any parsing @param now UTC, ms */
  async take(endpoint: string, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer, now: number): Promise<Taken> {
    const known = this.#endpoints.find(({ id }) => id === endpoint)
    // Of an address that is none nothing is kept.
    if (!known) return { refused: 'endpoint-not-found' }
    const verdict = verifyWebhook(headers, body, known.secrets, now)
    if (!verdict.ok) return this.#refuse(endpoint, headers['webhook-id'], verdict.code, now)
    const { id } = verdict
    const scope = `${scopePrefix}${endpoint}`
    if (this.#taken.has(`${scope} ${id}`)) return this.#refuse(endpoint, id, 'message-replayed', now)
    if (!isJson(body)) return this.#refuse(endpoint, id, 'malformed-body', now)
    // Before it is on disk: the same one may come again meanwhile.
    this.#taken.set(`${scope} ${id}`, now)
    const { durable } = await this.#journal.append([{ ...factOf('message-received', endpoint, now), id, message: body.toString() }], { scope, key: id, request: '', status: 202, body: '', at: now })
    if (!durable) {
      // It is sent again.
      this.#taken.delete(`${scope} ${id}`)
      return { refused: 'not-durable' }
    }
    this.#prune(now)
    return { id }
  }

  #refuse(endpoint: string, id: string | string[] | undefined, code: InboxRefusal, now: number): Taken {
    const last = this.#refusals.get(endpoint)
    const current = last && now - last.since < minuteMs ? last : { since: now, kept: 0, more: last?.more ?? 0 }
    if (current.kept < refusalsAMinute) {
      const fact = { ...factOf('message-refused', endpoint, now), ...(typeof id === 'string' ? { id: id.slice(0, 100) } : {}), code, ...(current.more > 0 ? { more: current.more } : {}) }
      void this.#journal.append([fact])
      this.#refusals.set(endpoint, { ...current, kept: current.kept + 1, more: 0 })
    } else this.#refusals.set(endpoint, { ...current, more: current.more + 1 })
    return { refused: code }
  }

  /** Oldest first: a Map keeps the order of insertion. */
  #prune(now: number): void {
    for (const [name, at] of this.#taken) {
      if (now - at < keepMs) return
      this.#taken.delete(name)
    }
  }
}

const scopePrefix = 'inbox '

const factOf = (type: MessageFact['type'], endpoint: string, now: number): MessageFact => ({ type, version: factVersion, at: new Date(now).toISOString(), endpoint })

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString())
    return true
  } catch {
    // JSON.parse throws nothing but this.
    return false
  }
}
