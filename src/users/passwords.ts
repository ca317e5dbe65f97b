import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Argon2id (RFC 9106), as OWASP asks for it: 19 MiB, two passes. Old hashes keep the parameters that they were made with. */
const memory = { memory: 19_456, passes: 2, parallelism: 1 } as const
const saltBytes = 16
const tagBytes = 32
/** Hashes at a time: each takes a thread and its memory. */
const mostAtATime = 2

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>
const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

let running = 0
const waiting: (() => void)[] = []

/** @returns the hash with its parameters and salt, as a PHC string */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(saltBytes)
  const tag = await inTurn(() => derive('argon2id', { message: password, nonce, tagLength: tagBytes, ...memory }))
  return `$argon2id$v=19$m=${memory.memory},t=${memory.passes},p=${memory.parallelism}$${bare(nonce)}$${bare(tag)}`
}

/** Takes as long for a hash that is none, or of nobody: who guesses names learns nothing. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, m, t, p, salt = '', tag = ''] = form.exec(stored ?? '') ?? []
  const nonce = m === undefined ? randomBytes(saltBytes) : Buffer.from(salt, 'base64')
  const expected = Buffer.from(tag, 'base64')
  const parameters = m === undefined ? memory : { memory: Number(m), passes: Number(t), parallelism: Number(p) }
  const made = await inTurn(() => derive('argon2id', { message: password, nonce, tagLength: expected.length || tagBytes, ...parameters }))
  return m !== undefined && timingSafeEqual(made, expected)
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= mostAtATime) await new Promise<void>((resolve) => waiting.push(resolve))
  running += 1
  try {
    return await work()
  } finally {
    running -= 1
    waiting.shift()?.()
  }
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
