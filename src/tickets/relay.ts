import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TicketEndpointConfig } from '../config/schema.ts'
import { signWebhook, verifyWebhook, type WebhookHeaders } from './signature.ts'
import type { Happened, HappenedMessage, Heard, Telling, TicketSystem, Told } from './ticket-system.ts'
import { DeliveryError } from './verdict.ts'

/** A signed message as it lies in a folder. */
interface Sealed {
  readonly headers: WebhookHeaders
  /** JSON. */
  readonly body: string
}

/** Of a message, and of its receipt: nothing that could lead out of the folder. */
const idForm = /^[A-Za-z0-9_-]{1,100}$/u
const receiptEnd = '.receipt.json'
const messageEnd = '.json'
/** After so many looks for its receipt a message that is not there any more is laid out again: the courier may have lost it. */
const looksUntilAgain = 60
/** A receipt that lies so long is a copy: nobody waits for it. */
const receiptAgeMs = 7 * 86_400_000

/**
 * A network that only a courier crosses (摆渡): messages lie in `out` until he takes them, what he brings lies in `in`, each a file, signed as
 * webhooks are. What was taken is receipted by a file likewise; until its receipt is here, a message is laid out again.
 */
export class Relay implements TicketSystem {
  readonly #out: string
  readonly #in: string
  readonly #secrets: readonly string[]
  readonly #scheme: TicketEndpointConfig['signature']
  readonly #lookMs: number
  /** When each was last laid out by this process, UTC ms. */
  readonly #laid = new Map<string, number>()

  constructor({ url, secrets, signature, pollMs }: Pick<TicketEndpointConfig, 'url' | 'secrets' | 'signature' | 'pollMs'>) {
    const folder = fileURLToPath(url)
    this.#out = join(folder, 'out')
    this.#in = join(folder, 'in')
    this.#secrets = secrets
    this.#scheme = signature
    this.#lookMs = pollMs
  }

  async tell({ id, payload, missed, links }: Telling): Promise<Told> {
    await this.#ready()
    const receipt = await this.#opened(`${id}${receiptEnd}`)
    if (receipt?.id === id) {
      this.#laid.delete(id)
      await Promise.all([rm(join(this.#in, `${id}${receiptEnd}`), { force: true }), rm(join(this.#out, `${id}${messageEnd}`), { force: true })])
      const { refused } = receipt.content as { readonly refused?: unknown }
      if (typeof refused === 'string') throw new DeliveryError('dead', `refused-${refused}`, { reached: true })
      return { outcome: 'receipt', answer: '' }
    }
    if (Date.now() - (this.#laid.get(id) ?? -Infinity) >= looksUntilAgain * this.#lookMs) {
      await this.#lay(`${id}${messageEnd}`, id, { ...payload, ...(missed.length > 0 ? { missed } : {}), ...(links.length > 0 ? { links } : {}) })
      this.#laid.set(id, Date.now())
    }
    throw new DeliveryError('retry', 'no-receipt-yet', { waiting: true, retryAfterMs: this.#lookMs })
  }

  /** What the courier has brought, the oldest first. Where it was told before, its receipt is laid out once more. */
  async happened(): Promise<Happened> {
    await this.#ready()
    await Promise.all([tidied(this.#in), tidied(this.#out)])
    const names = (await readdir(this.#in)).filter((name) => name.endsWith(messageEnd) && !name.endsWith(receiptEnd))
    const found = await Promise.all(names.map(async (name) => ({ name, opened: await this.#opened(name) })))
    const good = found.flatMap(({ name, opened }) => (opened ? [{ name, ...opened }] : []))
    const messages = good.toSorted((one, other) => one.at - other.at).map(({ name, id, content }): HappenedMessage => ({ id, message: content as object, done: async (heard) => this.#receipt(name, id, heard) }))
    return { messages, cursor: 0, more: false }
  }

  async #receipt(name: string, id: string, heard: Heard): Promise<void> {
    await this.#lay(`${id}${receiptEnd}`, id, { received: id, ...(heard === true ? {} : { refused: heard.refused }) })
    await rm(join(this.#in, name), { force: true })
  }

  /** By way of another name: whoever finds it finds all of it. */
  async #lay(name: string, id: string, content: object): Promise<void> {
    const body = JSON.stringify(content)
    const sealed: Sealed = { headers: signWebhook(id, Buffer.from(body), this.#secrets, Date.now(), this.#scheme), body }
    const file = join(this.#out, name)
    await writeFile(`${file}.part`, JSON.stringify(sealed), { mode: 0o600 }).catch(unwritten)
    await rename(`${file}.part`, file).catch(unwritten)
  }

  /** @returns undefined for what is not there, not whole yet, or not signed by the other one: that is put aside */
  async #opened(name: string): Promise<{ readonly id: string; readonly at: number; readonly content: unknown } | undefined> {
    const file = join(this.#in, name)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const sealed = parsed(text) as Partial<Sealed> | undefined
    if (sealed === undefined) return undefined
    const { headers, body = '' } = sealed
    // It may have lain for days: when it was signed says nothing against it.
    const signedAt = Number(headers?.['webhook-timestamp']) * 1_000
    const verdict = verifyWebhook({ ...headers }, Buffer.from(body), this.#secrets, signedAt)
    const content = parsed(body)
    if (verdict.ok && idForm.test(verdict.id) && typeof content === 'object' && content !== null) return { id: verdict.id, at: signedAt, content }
    await rename(file, `${file}.refused`).catch(() => undefined)
    return undefined
  }

  async #ready(): Promise<void> {
    await Promise.all([mkdir(this.#out, { recursive: true, mode: 0o700 }), mkdir(this.#in, { recursive: true, mode: 0o700 })]).catch(unwritten)
  }
}

async function tidied(folder: string): Promise<void> {
  const receipts = (await readdir(folder)).filter((name) => name.endsWith(receiptEnd)).map((name) => join(folder, name))
  for (const file of receipts) {
    // oxlint-disable-next-line no-await-in-loop -- one file after the other; it may be gone already
    const found = await stat(file).catch(() => undefined)
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (found && Date.now() - found.mtimeMs > receiptAgeMs) await rm(file, { force: true })
  }
}

/** A disk that is full or away may come back. */
function unwritten(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  throw new DeliveryError('retry', `file-${code.toLowerCase()}`, { cause: error })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // JSON.parse throws nothing but this; the courier may still be writing it.
    return undefined
  }
}
