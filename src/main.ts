import { enableCompileCache, flushCompileCache } from 'node:module'
import { resolve } from 'node:path'

/** Once all is loaded: a process that is killed writes nothing. */
const flushMs = 3_000

// Half of the time of a start is compiling what has not changed; where nothing can be written it goes without.
enableCompileCache(resolve(import.meta.dirname, '../node_modules/.cache/compile'))
setTimeout(flushCompileCache, flushMs).unref()
await import('./service.ts')
