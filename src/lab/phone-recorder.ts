/**
 * What a phone's loudspeaker plays, with its place in time.
 *
 * baresip's `aufile` player writes at the pace of the clock whether RTP arrives or not (its `sndfile` module writes only
 * what arrives, so that gaps vanish and times shift), but truncates its file at every change of the session. Given a
 * named pipe instead, it sends one WAV after the other: a header with length 0 opens a session, one with the true length
 * closes it. The begin of a session follows from when its bytes come: the earliest estimate is the right one, since
 * bytes can be late but never early.
 */
import { execFile } from 'node:child_process'
import { constants, openSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { headerBytes, parseWav, samplesOf } from './wav.ts'
import type { Recording } from './recording.ts'

const sampleRate = 8000
const frameMs = 20
const frameBytes = (sampleRate * frameMs * 2) / 1000
/**
 * From RTP's arrival to the loudspeaker: baresip's receive buffer. Measured with tones that Asterisk began at logged
 * times; see `test/integration/phone.test.ts`, which holds the error under 50 ms.
 */
const playoutDelayMs = 45

interface Session {
  readonly chunks: Buffer[]
  bytes: number
  startedAtMs: number
}

export interface Recorder {
  /** Everything played so far, one recording per media session, oldest first; times of `performance.now()`. */
  recordings(): Recording[]
  close(): void
}

/** Splits a stream of WAV files into sessions. Pure but for the clock readings that come with the bytes. */
export class SessionReader {
  readonly sessions: Session[] = []
  #unread: Buffer = Buffer.alloc(0)
  #current: Session | undefined

  read(chunk: Buffer, nowMs: number): void {
    let bytes = Buffer.concat([this.#unread, chunk])
    for (let at = headerAt(bytes); at >= 0 && at + headerBytes <= bytes.length; at = headerAt(bytes)) {
      this.#append(bytes.subarray(0, at), 0, nowMs)
      const opens = bytes.readUInt32LE(at + 40) === 0
      this.#current = opens ? { chunks: [], bytes: 0, startedAtMs: Infinity } : undefined
      if (this.#current) this.sessions.push(this.#current)
      bytes = bytes.subarray(at + headerBytes)
    }
    // A header that is still arriving must stay whole.
    const whole = Math.max(0, bytes.length - (headerBytes - 1))
    this.#append(bytes.subarray(0, whole), bytes.length - whole, nowMs)
    this.#unread = bytes.subarray(whole)
  }

  #append(sound: Buffer, behind: number, nowMs: number): void {
    const session = this.#current
    if (session === undefined || sound.length === 0) return
    session.chunks.push(Buffer.from(sound))
    session.bytes += sound.length
    const frames = Math.ceil((session.bytes + behind) / frameBytes)
    session.startedAtMs = Math.min(session.startedAtMs, nowMs - (frames - 1) * frameMs)
  }
}

function headerAt(bytes: Buffer): number {
  for (let at = bytes.indexOf('RIFF'); at >= 0; at = bytes.indexOf('RIFF', at + 1)) {
    if (at + 16 > bytes.length || bytes.toString('latin1', at + 8, at + 16) === 'WAVEfmt ') return at
  }
  return -1
}

/** Makes the named pipe `path` and reads all that a phone plays into it. */
export async function startRecorder(path: string): Promise<Recorder> {
  await promisify(execFile)('mkfifo', [path])
  // Opened for both directions, so that neither side ever waits for the other, and no end of file comes between sessions.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const pipe = new Socket({ fd, readable: true, writable: false })
  const reader = new SessionReader()
  pipe.on('data', (chunk: Buffer) => {
    reader.read(chunk, performance.now())
  })
  return {
    recordings: () =>
      reader.sessions
        .filter((session) => session.bytes > 0)
        .map((session) => ({
          samples: samplesOf(Buffer.concat(session.chunks)),
          sampleRate,
          startedAtMs: session.startedAtMs - playoutDelayMs,
        })),
    close: () => {
      pipe.destroy()
    },
  }
}

/**
 * What the phone in `dir` has sent, from the files of baresip's `sndfile` module (which is right for this direction: the
 * microphone never pauses). They are timed by when they were made.
 */
export async function sentRecording(dir: string): Promise<Recording[]> {
  const files = (await readdir(dir)).filter((file) => /^dump-.*-enc\.wav$/.test(file)).toSorted()
  return Promise.all(
    files.map(async (file) => {
      const path = join(dir, file)
      const [{ birthtimeMs }, bytes] = await Promise.all([stat(path), readFile(path)])
      return { ...parseWav(bytes), startedAtMs: birthtimeMs - performance.timeOrigin }
    }),
  )
}
