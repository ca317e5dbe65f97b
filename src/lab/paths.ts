import { join, resolve } from 'node:path'

/** The project's own directory. */
export const projectDir = resolve(import.meta.dirname, '../..')
/** Everything that is made at run time; ignored by git. The same path inside the root directory and outside. */
export const runtimeDir = join(projectDir, '.runtime')
/** The Debian root directory with Asterisk, Redis and the rest; made by `ensureRoot`. */
export const rootDir = join(runtimeDir, 'root')
