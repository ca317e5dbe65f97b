import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import { v7 as uuid } from 'uuid'
import type { Config } from '../config/schema.ts'

export interface AttachmentsDeps {
  readonly config: Config['attachments']
  readonly logger: Logger
}

export interface StoredAttachment {
  readonly id: string
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

/** More was sent than is taken, or nothing. */
export class AttachmentError extends Error {
  readonly code: 'body-too-large' | 'attachment-empty'

  constructor(code: AttachmentError['code'], options?: ErrorOptions) {
    super(`the attachment is not kept: ${code}`, options)
    this.name = 'AttachmentError'
    this.code = code
  }
}

const idForm = /^att-[0-9a-f-]{36}$/u
/** Of a file that is being written; one that stays was cut off. */
const partEnd = '.part'
const mebibyte = 1_048_576
const dayMs = 86_400_000
/** Between two looks for what is old, ms. */
const lookMs = 3_600_000

/** The files that are given with tickets (附件): kept by their ids, deleted when they are old. */
export class Attachments {
  readonly #deps: AttachmentsDeps
  #timer: NodeJS.Timeout | undefined

  constructor(deps: AttachmentsDeps) {
    this.#deps = deps
  }

  start(): void {
    void this.deleteOld(Date.now())
    this.#timer = setInterval(() => void this.deleteOld(Date.now()), lookMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Resolves when it is on disk. @throws AttachmentError; SystemError when it cannot be written */
  async keep(body: Readable): Promise<StoredAttachment> {
    const { directory, mostMiB } = this.#deps.config
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const id = `att-${uuid()}`
    const file = join(directory, id)
    const hash = createHash('sha256')
    let bytes = 0
    const measured = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (bytes > mostMiB * mebibyte) throw new AttachmentError('body-too-large')
        hash.update(chunk)
        yield chunk
      }
      if (bytes === 0) throw new AttachmentError('attachment-empty')
    }
    try {
      await pipeline(body, measured, createWriteStream(`${file}${partEnd}`, { mode: 0o600, flush: true }))
      await rename(`${file}${partEnd}`, file)
    } catch (error) {
      await rm(`${file}${partEnd}`, { force: true })
      throw error
    }
    return { id, bytes, sha256: hash.digest('hex') }
  }

  /** The path of its file, if there is one. */
  async fileOf(id: string): Promise<string | undefined> {
    if (!idForm.test(id)) return undefined
    const file = join(this.#deps.config.directory, id)
    // Deleted, or of another installation.
    return (await stat(file).catch(() => undefined)) ? file : undefined
  }

  /** @throws SystemError when there is one and it cannot be deleted */
  async remove(id: string): Promise<void> {
    if (idForm.test(id)) await rm(join(this.#deps.config.directory, id), { force: true })
  }

  /** Never rejects. @param now UTC ms */
  async deleteOld(now: number): Promise<void> {
    const { config, logger } = this.#deps
    try {
      for (const name of await readdir(config.directory).catch(unlessNone)) {
        const file = join(config.directory, name)
        const days = name.endsWith(partEnd) ? 1 : config.retentionDays
        // oxlint-disable-next-line no-await-in-loop -- one file after the other: calls have the disk first
        const found = idForm.test(name.replace(partEnd, '')) ? await stat(file) : undefined
        // oxlint-disable-next-line no-await-in-loop -- as above
        if (found && now - found.mtimeMs > days * dayMs) await rm(file, { force: true })
      }
    } catch (error) {
      // Tried again at the next look.
      logger.error({ err: error }, 'old attachments could not be deleted')
    }
  }
}

/** Nobody has given any yet. */
function unlessNone(error: NodeJS.ErrnoException): readonly string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
