import type { Readable } from 'node:stream'
import { Pool, type PoolClient, type QueryResultRow } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { Sql } from 'sql-template-tag'

/** How long a connection may take, ms; and an answer. */
const connectMs = 5_000
const answerMs = 60_000

/** Whoever asks Postgres; values go beside the text, never into it. Throws what Postgres, or the way to it, says. */
export interface Asked {
  query<T extends QueryResultRow>(statement: Sql): Promise<readonly T[]>
  /** Several statements without values. */
  run(text: string): Promise<void>
}

/** Connections to Postgres, which may end at any moment: made when they are needed, made again. */
export class Database implements Asked {
  readonly #pool: Pool

  /** @param maximum connections at a time */
  constructor(url: string, maximum: number) {
    this.#pool = new Pool({
      connectionString: url,
      max: maximum,
      connectionTimeoutMillis: connectMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      application_name: 'tandem',
    })
    // A connection that breaks while nobody asks: the next question makes another one.
    this.#pool.on('error', ignored)
    // One that breaks while somebody asks tells him too.
    this.#pool.on('connect', (client) => void client.on('error', ignored))
  }

  async query<T extends QueryResultRow>(statement: Sql): Promise<readonly T[]> {
    return (await this.#pool.query<T>(limited(statement))).rows
  }

  async run(text: string): Promise<void> {
    await this.#pool.query(limited({ text }))
  }

  /** All that `work` asks, or nothing; on disk when it resolves. */
  async transaction<T>(work: (asked: Asked) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      const result = await work(askedBy(client))
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      // Postgres undoes what a connection leaves behind.
      client.release(true)
      throw error
    }
  }

  /** What `COPY … TO STDOUT` says, as a stream; its connection ends with it. */
  async copy(text: string): Promise<Readable> {
    const client = await this.#pool.connect()
    const stream = client.query(copyTo(text))
    stream.once('error', () => client.release(true)).once('end', () => client.release())
    stream.once('close', () => {
      // Who takes no more of it must not hold a connection.
      if (!stream.readableEnded && !stream.errored) client.release(true)
    })
    return stream
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }
}

const askedBy = (client: PoolClient): Asked => ({
  query: async <T extends QueryResultRow>(statement: Sql) => (await client.query<T>(limited(statement))).rows,
  run: async (text) => void (await client.query(limited({ text }))),
})

/** Of the questions alone: a copy takes as long as somebody reads it. */
const limited = ({ text, values }: Pick<Sql, 'text'> & Partial<Pick<Sql, 'values'>>) => ({ text, ...(values ? { values } : {}), query_timeout: answerMs })

const ignored = (): void => undefined
