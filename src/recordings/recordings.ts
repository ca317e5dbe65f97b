import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { type FileFact, type Fact, type FileFactType, factVersion, isRecordingFact } from '../domain/facts.ts'
import { callOfRecording, recordingName, type RecordingRecord } from '../domain/recording.ts'
import type { Commit, Journal } from '../journal/journal.ts'
import { deleteOldFiles } from './retention.ts'

export interface RecordingsDeps {
  readonly config: Config['recording']
  readonly journal: Journal
  readonly logger: Logger
  /** Whether it still runs. @throws Error when that cannot be found out now */
  readonly isRunning: (recording: string) => Promise<boolean>
}

/** Between two looks for files to be finished or deleted, ms. */
const lookMs = 300_000
/** As Asterisk writes it: a header of 44 bytes, then 16-bit samples at 8 kHz. */
const headerBytes = 44
const bytesPerMs = 16

/** The files of recordings: hashed when they are finished, handed out, deleted when they are old. Calls never wait for it. */
export class Recordings {
  readonly #deps: RecordingsDeps
  readonly #finishing = new Map<string, Promise<void>>()
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  /** Why the last recording failed; none since one went well. */
  #failure: string | undefined
  /** What the last look could not do. */
  #trouble: string | undefined

  constructor(deps: RecordingsDeps) {
    this.#deps = deps
    this.#unsubscribe = deps.journal.onAppended((entries) => entries.forEach(({ fact }) => this.#watch(fact)))
  }

  /** Looks after what an earlier process left, then now and then. */
  start(): void {
    this.look()
    this.#timer = setInterval(() => this.look(), lookMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#unsubscribe()
    await Promise.all([this.#looking, ...this.#finishing.values()])
  }

  health(): { readonly ok: boolean; readonly detail?: string } {
    const detail = this.#failure ?? this.#trouble
    return detail === undefined ? { ok: true } : { ok: false, detail }
  }

  /** The path of its file, if there is one. */
  async fileOf(id: string): Promise<string | undefined> {
    const path = this.#pathOf(id)
    return path !== undefined && (await statOf(path)) ? path : undefined
  }

  /** Its file is closed: hashed, measured, recorded. Never rejects. */
  finish(id: string, startedAt?: string): Promise<void> {
    const known = this.#finishing.get(id)
    if (known) return known
    const finishing = this.#finish(id, startedAt)
      .catch((error: unknown) => {
        // It stays open in the journal: the next look tries again.
        this.#failure = `${id}: ${error instanceof Error ? error.message : String(error)}`
        this.#deps.logger.error({ err: error, recording: id }, 'a recording could not be finished; tried again later')
      })
      .finally(() => this.#finishing.delete(id))
    this.#finishing.set(id, finishing)
    return finishing
  }

  /** Somebody is about to get it, or a part of it. Resolves when that is recorded. */
  fetched(recording: RecordingRecord, by: string, range: string | undefined): Promise<Commit> {
    return this.#record('recording-fetched', recording, { by, ...(range === undefined ? {} : { range }) })
  }

  /** What has ended unheard is finished, what is old is deleted. Never rejects. */
  look(): void {
    this.#looking = this.#looking.then(() => this.#look())
  }

  async #look(): Promise<void> {
    const { config, logger } = this.#deps
    try {
      if (config.enabled) await access(config.directory, constants.R_OK | constants.W_OK | constants.X_OK)
      await this.#finishUnheard()
      await deleteOldFiles({ directory: config.directory, days: config.retentionDays, now: Date.now(), deleted: (id) => this.#deleted(id) })
      this.#trouble = undefined
    } catch (error) {
      // Tried again at the next look; until then health shows it.
      this.#trouble = error instanceof Error ? error.message : String(error)
      logger.error({ err: error }, 'recordings could not be looked after')
    }
  }

  async #finishUnheard(): Promise<void> {
    const { journal, isRunning } = this.#deps
    for (const { id } of await journal.openRecordings()) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other: calls have the disk and the loop first
      if (!(await isRunning(id))) await this.finish(id)
    }
  }

  async #finish(id: string, startedAt: string | undefined): Promise<void> {
    const file = this.#pathOf(id)
    if (file === undefined) return
    const known = await this.#known(id)
    if (known.sha256 !== undefined || known.state === 'deleted') return
    const found = await statOf(file)
    if (!found || found.size <= headerBytes) {
      if (known.state !== 'failed') await this.#record('recording-failed', { ...known, state: 'failed', reason: found ? 'the file is empty' : 'there is no file' })
      return
    }
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    const durationMs = Math.round((found.size - headerBytes) / bytesPerMs)
    // Where nobody heard it begin: it was closed as its last sample had been written.
    const begun = known.startedAt ?? startedAt ?? new Date(found.mtimeMs - durationMs).toISOString()
    const state = known.state === 'failed' ? 'failed' : 'finished'
    await this.#record('recording-finished', { ...known, state, startedAt: begun, durationMs, bytes: found.size, sha256: hash.digest('hex') })
  }

  async #deleted(id: string): Promise<void> {
    await this.#record('recording-deleted', { ...(await this.#known(id)), state: 'deleted' })
  }

  /** Undefined for what is no recording's id. */
  #pathOf(id: string): string | undefined {
    return callOfRecording(id) === undefined ? undefined : join(this.#deps.config.directory, `${recordingName(id)}.wav`)
  }

  /** As the journal has it; a journal that was lost knows it by its name alone. */
  async #known(id: string): Promise<RecordingRecord> {
    const callId = callOfRecording(id) ?? id
    return (await this.#deps.journal.recording(id)) ?? { id, callId, room: id === callId ? 'call' : 'consultation', state: 'recording' }
  }

  #record(type: FileFactType, recording: RecordingRecord, more: Pick<FileFact, 'by' | 'range'> = {}): Promise<Commit> {
    return this.#deps.journal.append([{ type, version: factVersion, at: new Date().toISOString(), recording, ...more }])
  }

  /** The alarm: whoever noticed it, a call or the file's end. */
  #watch(fact: Fact): void {
    if (!isRecordingFact(fact)) return
    const { id, reason } = fact.recording
    if (fact.type === 'recording-failed') {
      this.#failure = `${id}: ${reason ?? 'failed'}`
      this.#deps.logger.error({ recording: id, reason }, 'a recording has failed; its call goes on')
    }
    if (fact.type === 'recording-finished' && fact.recording.state === 'finished') this.#failure = undefined
  }
}

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
