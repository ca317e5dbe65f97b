import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { MatterRow } from '../domain/matters/matter.ts'
import { annex } from '../matters/annex.ts'
import { CatalogueFileError, fromCsv, fromJson, toCsv } from '../matters/catalogue-file.ts'
import { ask, type Service, serviceAt } from './service-client.ts'
import { UsageError } from './usage-error.ts'

const usage = `tandem catalogue export [--json | --csv] [--version N] [--config FILE]
tandem catalogue import FILE.csv | FILE.json [--config FILE]
  The matter catalogue (事项清单): its rows as JSON (an array) or CSV for a spreadsheet. Of the running service where $TANDEM or --config names
  it; otherwise as it was published. An import adds and changes rows, all or none; what the file does not have stays as it is.
`

/** `tandem catalogue …`. @returns the exit status: 1 refused @throws UsageError, ServiceError, CatalogueFileError */
export async function catalogueCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, csv: { type: 'boolean', default: false }, version: { type: 'string' }, config: { type: 'string' } },
  })
  const [verb, file] = positionals
  if (verb === 'export' && file === undefined && !(values.json && values.csv)) {
    const service = values.config === undefined && env['TANDEM'] === undefined ? undefined : serviceAt(values.config, env)
    return exported(service, values.version, values.csv)
  }
  if (verb === 'import' && file !== undefined && positionals.length === 2) return imported(serviceAt(values.config, env), file)
  throw new UsageError(`what about the catalogue?\n${usage}`)
}

async function exported(service: Service | undefined, version: string | undefined, csv: boolean): Promise<number> {
  const answer = service ? await ask(service, 'GET', `/v1/catalogue${version === undefined ? '' : `?version=${encodeURIComponent(version)}`}`) : { status: 200, body: { rows: annex } }
  if (answer.status !== 200) return refusedAs(answer.body)
  const rows = answer.body['rows'] as readonly MatterRow[]
  process.stdout.write(csv ? toCsv(rows) : `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
  return 0
}

async function imported(service: Service, file: string): Promise<number> {
  const csv = file.endsWith('.csv')
  const text = contentOf(file)
  const { status, body } = await ask(service, 'POST', '/v1/catalogue/imports', csv ? { rows: fromCsv(text) } : fromJson(text))
  if (status !== 200) return refusedAs(body, csv)
  const { version, added, changed } = body as { readonly version: number; readonly added: readonly string[]; readonly changed: readonly string[] }
  process.stdout.write(`version ${version}: ${added.length} added, ${changed.length} changed\n`)
  return 0
}

function contentOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw new CatalogueFileError(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** @param csv say lines of the file instead of places in the request */
function refusedAs(body: Readonly<Record<string, unknown>>, csv = false): number {
  const { title, errors = [] } = body as { readonly title?: string; readonly errors?: readonly { readonly path: string; readonly reason: string }[] }
  const where = (path: string) => (csv ? path.replace(/^\/body\/rows\/(\d+)\/?/u, (_, index: string) => `line ${Number(index) + 2}: `) : path)
  process.stderr.write(`refused: ${title ?? ''}\n${errors.map(({ path, reason }) => `  ${where(path)}${csv ? ': ' : ' '}${reason}\n`).join('')}`)
  return 1
}
