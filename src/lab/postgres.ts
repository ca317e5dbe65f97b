import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { rootDir } from './paths.ts'
import { freePort } from './ports.ts'
import { runInRoot, startInRoot } from './process.ts'
import { type Restartable, restartable } from './restartable.ts'
import { untilReady } from './wait.ts'

const host = '127.0.0.1'
const user = 'postgres'

export interface LabPostgres extends Restartable {
  /** Of the database `tandem`. */
  readonly url: string
}

/**
 * Starts a private Postgres: loopback only, nobody else's data.
 * @param options.dir for its data and `postgres.log`; below `.runtime`
 * @param options.port 5432, or the next free one, when left out
 * @throws Error with the last lines of its log when it does not get ready
 */
export async function startPostgres(options: { readonly dir: string; readonly port?: number }): Promise<LabPostgres> {
  const { dir } = options
  const port = options.port ?? (await freePort(5432))
  const data = join(dir, 'data')
  const bin = binDir()
  if (!existsSync(join(data, 'PG_VERSION'))) {
    mkdirSync(dir, { recursive: true })
    mkdirSync(data, { recursive: true, mode: 0o700 })
    // It refuses to run as root.
    const [uid, gid] = userOf(user)
    chownSync(data, uid, gid)
    const made = await runInRoot([`${bin}/initdb`, '-D', data, '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust', '--no-sync'], { user })
    if (made.code !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  }
  const settings = { listen_addresses: host, port: String(port), unix_socket_directories: '', shared_buffers: '64MB', log_min_duration_statement: '1000' }
  const command = [`${bin}/postgres`, '-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const program = restartable(
    () => startInRoot({ name: 'postgres', command, logFile: join(dir, 'postgres.log'), user }),
    (started) => untilReady(started, () => answers(port, data), 30_000),
  )
  await program.start()
  return { ...program, url: `postgres://${user}@${host}:${port}/tandem` }
}

/** @returns true once the Postgres of this very directory answers, and has the database `tandem` */
async function answers(port: number, data: string): Promise<boolean> {
  const client = new Client({ host, port, user, database: 'postgres', connectionTimeoutMillis: 1_000 })
  // A connection that breaks tells whoever asks.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ own: boolean; made: boolean }>(
      `SELECT current_setting('data_directory') = $1 AS own, exists (SELECT FROM pg_database WHERE datname = 'tandem') AS made`,
      [data],
    )
    if (rows[0]?.own && !rows[0].made) await client.query('CREATE DATABASE tandem')
    return rows[0]?.own === true
  } finally {
    await client.end()
  }
}

/** Debian keeps the programs of each version apart. */
function binDir(): string {
  const [version = ''] = readdirSync(join(rootDir, 'usr/lib/postgresql'))
  return `/usr/lib/postgresql/${version}/bin`
}

/** Of the root directory, whose numbers may be others than the host's. */
function userOf(name: string): readonly [uid: number, gid: number] {
  const fields = readFileSync(join(rootDir, 'etc/passwd'), 'utf8').split('\n').map((line) => line.split(':')).find(([known]) => known === name)
  if (!fields) throw new Error(`the root directory has no user ${name}`)
  return [Number(fields[2]), Number(fields[3])]
}
