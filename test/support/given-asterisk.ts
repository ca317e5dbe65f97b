import { join } from 'node:path'
import { stringify } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { freePort } from '../../src/lab/ports.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { labSettings, type StackOptions, startLabAsterisk } from '../../src/lab/stack.ts'

export interface GivenAsterisk {
  readonly config: Config
  readonly dir: string
  start(): Promise<LabAsterisk>
}

/** An Asterisk with Tandem's own configuration, and nothing else. */
export async function givenAsterisk(options: StackOptions): Promise<GivenAsterisk> {
  const dir = claimRunDir(options.name)
  const settings = await labSettings(options, (_usual, kind) => freePort(undefined, kind), {
    redis: 'redis://127.0.0.1:1',
    tickets: 'http://127.0.0.1:1',
    secret: `whsec_${'a'.repeat(44)}`,
    journal: join(dir, 'journal.sqlite'),
  })
  const config = parseConfig(stringify(settings), {})
  return { config, dir, start: () => startLabAsterisk(config, join(dir, 'asterisk')) }
}
