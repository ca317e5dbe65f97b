import { Worker } from 'node:worker_threads'
import { type Reply, type Request, type Row, SqlError, type SqlFailure, type Statement } from './sql.ts'

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

/** The main thread's end of the writer thread. Requests are served in the order they were made. */
export class WriterThread {
  readonly #path: string
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #opening: Promise<unknown> = Promise.resolve()
  #lastId = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Starts the thread unless it runs. @throws SqlError when the file cannot be opened. */
  async open(): Promise<void> {
    if (!this.#worker) this.#start()
    await this.#opening
  }

  async all(statement: Statement): Promise<readonly Row[]> {
    return (await this.#request({ op: 'all', statement })) as readonly Row[]
  }

  /** Per group null or its failure. @throws SqlError when nothing was written, or it is not known. */
  async commit(groups: readonly (readonly Statement[])[]): Promise<readonly (SqlFailure | null)[]> {
    await this.open()
    return (await this.#request({ op: 'group', groups })) as readonly (SqlFailure | null)[]
  }

  /** Closes the file after what was asked before; a disk that hangs is left behind after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, limitMs)
    await Promise.race([this.#end(worker), late])
    clearTimeout(timer)
  }

  async #end(worker: Worker): Promise<void> {
    try {
      await this.#request({ op: 'close' })
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      // The thread has died or was ended just now: the file is closed either way.
    }
    await worker.terminate()
  }

  #start(): void {
    const worker = new Worker(new URL('./writer.ts', import.meta.url), {
      workerData: { path: this.#path },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    this.#worker = worker
    this.#opening = new Promise((resolve, reject) => this.#pending.set(0, { resolve, reject }))
    worker.on('message', (reply: Reply) => this.#settle(reply))
    worker.on('error', (error) => this.#lost(worker, `The journal's thread failed: ${error.message}`))
    worker.on('exit', () => this.#lost(worker, "The journal's thread has ended."))
  }

  #request(body: Body): Promise<unknown> {
    const worker = this.#worker
    if (!worker) return Promise.reject(new SqlError({ message: "The journal's thread does not run." }))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage({ ...body, id })
    })
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.ok) pending?.resolve(reply.value)
    else pending?.reject(new SqlError(reply.failure))
  }

  #lost(worker: Worker, message: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const pending of this.#pending.values()) pending.reject(new SqlError({ message }))
    this.#pending.clear()
  }
}
