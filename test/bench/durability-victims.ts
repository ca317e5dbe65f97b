import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Fact } from '../../src/domain/facts.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'

/** Between two kills, ms, and how long what was killed stays away. */
const peace = { least: 300, most: 1_500 } as const
const awayMs = 1_000
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Whoever may be killed at any moment, and comes back. */
export interface Victim {
  readonly name: string
  kill(): Promise<void>
  back(): Promise<void>
}

export interface Received {
  readonly key: string
  readonly ids: Set<string>
}

/** Kills one after the other, and lets each come back a while later. */
export class Chaos {
  readonly #victims: readonly Victim[]
  readonly #random: () => number
  readonly #coming = new Set<Promise<void>>()
  readonly #away = new Set<Victim>()
  readonly of: Record<string, number> = {}
  kills = 0

  constructor(victims: readonly Victim[], random: () => number) {
    this.#victims = victims
    this.#random = random
  }

  async strike(): Promise<void> {
    await pause(peace.least + this.#random() * (peace.most - peace.least))
    const there = this.#victims.filter((victim) => !this.#away.has(victim))
    const victim = there[Math.floor(this.#random() * there.length)]
    if (!victim) return
    this.kills += 1
    this.of[victim.name] = (this.of[victim.name] ?? 0) + 1
    this.#away.add(victim)
    const coming = this.#kill(victim).finally(() => {
      this.#coming.delete(coming)
      this.#away.delete(victim)
    })
    this.#coming.add(coming)
  }

  /** Everybody is there. */
  async peace(): Promise<void> {
    await Promise.all(this.#coming)
  }

  async #kill(victim: Victim): Promise<void> {
    await victim.kill()
    await pause(this.#random() * awayMs)
    await victim.back()
  }
}


export interface Disk {
  readonly path: string
  /** Runs a program that sees it. */
  readonly enter: (command: readonly string[]) => readonly string[]
  full(ms: number): Promise<void>
  close(): void
}

/** A disk of 256 MiB in a mount namespace of its own. */
export async function smallDisk(path: string): Promise<Disk> {
  mkdirSync(path, { recursive: true })
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o size=256m tmpfs '${path}' && touch '${path}/mounted' && exec sleep infinity`], { stdio: 'ignore' })
  const seen = `/proc/${holder.pid}/root${path}`
  await eventually(() => existsSync(join(seen, 'mounted')), Boolean, 5_000)
  return {
    path: seen,
    enter: (command) => ['nsenter', `--target=${holder.pid}`, '--mount', '--', ...command],
    async full(ms) {
      const { bavail, bsize } = statfsSync(seen)
      writeFileSync(join(seen, 'other'), Buffer.alloc(bavail * bsize))
      // What the reserve gives up, somebody else takes.
      for (const until = performance.now() + ms; performance.now() < until; ) {
        try {
          appendFileSync(join(seen, 'other'), Buffer.alloc(65_536))
        } catch {
          // It is full, as it is meant to be.
        }
        // oxlint-disable-next-line no-await-in-loop -- again and again
        await pause(10)
      }
      rmSync(join(seen, 'other'))
    },
    close: () => void holder.kill('SIGKILL'),
  }
}

export class Service implements Victim {
  readonly name = 'service'
  readonly #disk: Disk
  readonly #order: object
  readonly #waiting = new Map<number, (durable: boolean | undefined) => void>()
  #child: ChildProcess | undefined
  #ready = Promise.withResolvers<void>()
  #n = 0

  constructor(disk: Disk, order: object) {
    this.#disk = disk
    this.#order = order
  }

  /** @returns whether it is on disk; undefined when it died before it answered */
  async append(facts: readonly Fact[]): Promise<boolean | undefined> {
    await this.#ready.promise
    const n = ++this.#n
    const { promise, resolve } = Promise.withResolvers<boolean | undefined>()
    this.#waiting.set(n, resolve)
    this.#child?.send({ n, facts }, (error) => error && this.#settle(n, undefined))
    return promise
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#ready = Promise.withResolvers()
    if (child?.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    for (const n of this.#waiting.keys()) this.#settle(n, undefined)
  }

  async back(): Promise<void> {
    const [program = '', ...args] = this.#disk.enter([process.execPath, here('durability-service.ts'), JSON.stringify(this.#order)])
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    this.#child = child
    const ready = Promise.withResolvers<void>()
    child.on('message', (message: { ready?: true; n?: number; durable?: boolean }) => (message.ready ? ready.resolve() : this.#settle(message.n ?? 0, message.durable)))
    child.once('exit', (code) => ready.reject(new Error(`the service ended with ${code} at its start`)))
    await ready.promise
    child.removeAllListeners('exit')
    this.#ready.resolve()
  }

  #settle(n: number, durable: boolean | undefined): void {
    this.#waiting.get(n)?.(durable)
    this.#waiting.delete(n)
  }
}

export interface DurableReceiver extends Victim {
  readonly url: string
  /** By hand-over and place. */
  received(): ReadonlyMap<string, Received>
  /** As they came first. */
  order(): readonly string[]
}

export async function startReceiver(file: string): Promise<DurableReceiver> {
  const port = await freePort()
  let child: ChildProcess | undefined
  const lines = (): readonly (readonly [string, string])[] =>
    (existsSync(file) ? readFileSync(file, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
  const receiver: DurableReceiver = {
    name: 'receiver',
    url: `http://127.0.0.1:${port}/tickets`,
    async kill() {
      if (child?.kill('SIGKILL')) await once(child, 'exit')
    },
    async back() {
      child = fork(here('durable-receiver.ts'), [file, String(port)])
      await once(child, 'message')
    },
    received() {
      const received = new Map<string, Received>()
      for (const [id, key] of lines()) received.set(key, { key, ids: (received.get(key)?.ids ?? new Set()).add(id) })
      return received
    },
    order: () => [...new Map(lines().map(([id, key]) => [id, key])).values()],
  }
  await receiver.back()
  return receiver
}
