import { open, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from 'pino'

const mebibyte = 1_048_576
/** As long as the disk has less than this times the reserve, an alarm says so. */
const alarmFactor = 4

/** Room on the disk that is kept by a file beside the journal, and given up when the disk is full: facts are still written while somebody makes room. */
export class DiskReserve {
  readonly #path: string
  readonly #bytes: number
  readonly #logger: Logger | undefined
  #low: string | undefined
  #released = false

  /** @param journal path of the journal's file @param bytes of the reserve; 0: none is kept */
  constructor(journal: string, bytes: number, logger: Logger | undefined) {
    this.#path = `${journal}.reserve`
    this.#bytes = bytes
    this.#logger = logger
  }

  /** Why somebody should make room; undefined while there is enough. */
  get trouble(): string | undefined {
    return this.#released ? 'the disk was full: written from the reserve' : this.#low
  }

  /** Makes it where there is room for twice as much, and looks how much room there is. @throws Error when the disk cannot be looked at */
  async look(): Promise<void> {
    if (this.#bytes === 0) return
    const { bavail, bsize } = await statfs(dirname(this.#path))
    const free = bavail * bsize
    const low = free < alarmFactor * this.#bytes ? `${Math.floor(free / mebibyte)} MiB are left on the disk` : undefined
    if (low !== undefined && this.#low === undefined) this.#logger?.error({ freeMiB: Math.floor(free / mebibyte) }, 'the journal’s disk is nearly full')
    this.#low = low
    if ((await sizeOf(this.#path)) === this.#bytes) return
    if (free < 2 * this.#bytes) return
    await this.#make()
    this.#released = false
  }

  /** Gives it up. @returns false when there was none */
  async release(): Promise<boolean> {
    if (this.#bytes === 0 || (await sizeOf(this.#path)) === 0) return false
    await rm(this.#path, { force: true })
    this.#released = true
    this.#logger?.error('the journal’s disk is full: the reserve was given up')
    return true
  }

  /** With real blocks: a hole would reserve nothing. */
  async #make(): Promise<void> {
    const unfinished = `${this.#path}.new`
    const file = await open(unfinished, 'w', 0o600)
    try {
      const block = Buffer.alloc(Math.min(mebibyte, this.#bytes))
      // oxlint-disable-next-line no-await-in-loop -- one block after the other: calls have the disk first
      for (let written = 0; written < this.#bytes; ) written += (await file.write(block, 0, Math.min(block.length, this.#bytes - written))).bytesWritten
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, this.#path)
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    // None is there.
    return 0
  }
}
