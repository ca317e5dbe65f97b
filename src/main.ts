import { enableCompileCache } from 'node:module'
import { resolve } from 'node:path'

// Half of the time of a start is compiling what has not changed; where nothing can be written it goes without.
enableCompileCache(resolve(import.meta.dirname, '../node_modules/.cache/compile'))
await import('./service.ts')
