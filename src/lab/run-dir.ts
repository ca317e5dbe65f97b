import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDir } from './paths.ts'

/** An empty directory `.runtime/run/<name>` for this process; `<name>-2` and so on while others that live have those before. */
export function claimRunDir(name: string): string {
  for (let n = 1; ; n++) {
    const dir = join(runtimeDir, 'run', n === 1 ? name : `${name}-${n}`)
    if (taken(dir)) continue
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'pid'), String(process.pid))
    return dir
  }
}

function taken(dir: string): boolean {
  const file = join(dir, 'pid')
  if (!existsSync(file)) return false
  const owner = Number(readFileSync(file, 'utf8'))
  return owner !== process.pid && existsSync(`/proc/${owner}`)
}
