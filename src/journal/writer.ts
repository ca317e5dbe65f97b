import { parentPort, workerData } from 'node:worker_threads'
import { type Reply, type Request, toFailure } from './sql.ts'
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts'

// The writer thread: owns the file and answers requests one by one, in order.
const port = parentPort
if (!port) throw new Error('writer.ts runs as a worker thread')
const { path } = workerData as { readonly path: string }

function answer(id: number, work: () => unknown): boolean {
  let reply: Reply
  try {
    reply = { id, ok: true, value: work() }
  } catch (error) {
    reply = { id, ok: false, failure: toFailure(error) }
  }
  port?.postMessage(reply)
  return reply.ok
}

function serve(file: SqliteFile, request: Request): unknown {
  switch (request.op) {
    case 'all':
      return file.all(request.statement)
    case 'group':
      return file.commit(request.groups)
    case 'close':
      file.close()
      port?.close()
      return null
  }
}

answer(0, () => {
  const file = openSqliteFile(path)
  port.on('message', (request: Request) => answer(request.id, () => serve(file, request)))
  return null
})
