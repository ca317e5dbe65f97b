import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type CatalogueVersion, changed } from '../domain/matters/catalogue.ts'
import type { MatterRow } from '../domain/matters/matter.ts'
import { annex } from '../matters/annex.ts'
import { shippedKnowledge } from '../matters/knowledge.ts'
import { CatalogueFileError, fromCsv, fromJson, toCsv } from '../matters/catalogue-file.ts'
import { ask, type Service, serviceAt } from './service-client.ts'
import { UsageError } from './usage-error.ts'

const empty: CatalogueVersion = { version: 0, at: '', by: '', rows: [], knowledge: [] }

const usage = `tandem catalogue export [--json | --csv | --all] [--version N] [--config FILE]
tandem catalogue import FILE.csv | FILE.json [--expected N] [--config FILE]
  The matter catalogue (事项清单): its rows as JSON (an array) or CSV for a spreadsheet; with --all as JSON with its version and knowledge. Of the
  running service where $TANDEM or --config names it; otherwise as it was published. An import adds and changes rows, all or none; rows that the
  file does not have stay as they are. With --expected it is refused where the catalogue has a newer version than N.
`

/** `tandem catalogue …`. @returns the exit status: 1 refused @throws UsageError, ServiceError, CatalogueFileError */
export async function catalogueCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, csv: { type: 'boolean', default: false }, all: { type: 'boolean', default: false }, expected: { type: 'string' }, version: { type: 'string' }, config: { type: 'string' } },
  })
  const [verb, file] = positionals
  if (verb === 'export' && file === undefined && Number(values.json) + Number(values.csv) + Number(values.all) < 2) {
    const service = values.config === undefined && env['TANDEM'] === undefined ? undefined : serviceAt(values.config, env)
    return exported(service, values.version, values.csv ? 'csv' : values.all ? 'all' : 'json')
  }
  if (verb === 'import' && file !== undefined && positionals.length === 2) return imported(serviceAt(values.config, env), file, values.expected)
  throw new UsageError(`what about the catalogue?\n${usage}`)
}

async function exported(service: Service | undefined, version: string | undefined, form: 'csv' | 'all' | 'json'): Promise<number> {
  const answer = service ? await ask(service, 'GET', `/v1/catalogue${version === undefined ? '' : `?version=${encodeURIComponent(version)}`}`) : { status: 200, body: { version: 1, rows: annex, knowledge: shippedKnowledge } }
  if (answer.status !== 200) return refusedAs(answer.body)
  const rows = answer.body['rows'] as readonly MatterRow[]
  const written = { csv: () => toCsv(rows), all: () => `${JSON.stringify(answer.body, null, 1)}\n`, json: () => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n` }
  process.stdout.write(written[form]())
  return 0
}

async function imported(service: Service, file: string, expected: string | undefined): Promise<number> {
  if (expected !== undefined && !/^[1-9]\d{0,8}$/u.test(expected)) throw new UsageError(`--expected is a version of the catalogue\n${usage}`)
  const text = contentOf(file)
  const csv = file.endsWith('.csv') ? fromCsv(text) : undefined
  const change = csv ? { rows: csv.rows } : fromJson(text)
  // All that is wrong with the cells is told at once, before the service looks at their form.
  const faults = csv ? changed(empty, change, '', '') : empty
  if (!('version' in faults)) return refusedAs({ title: 'the file has faults', errors: faults.map(({ of, index, field, reason }) => ({ path: `/body/${of}/${index}/${field}`, reason })) }, csv?.lines)
  const { status, body } = await ask(service, 'POST', '/v1/catalogue/imports', { ...change, ...(expected === undefined ? {} : { expected: Number(expected) }) })
  if (status !== 200) return refusedAs(body, csv?.lines)
  const { version, added, changed: otherwise } = body as { readonly version: number; readonly added: readonly string[]; readonly changed: readonly string[] }
  process.stdout.write(`version ${version}: ${added.length} added, ${otherwise.length} changed\n`)
  return 0
}

function contentOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    // TypeError: its bytes are no UTF-8, as of a file that a Chinese Excel saved as plain CSV.
    const reason = error instanceof TypeError ? 'not UTF-8: save it as “CSV UTF-8”' : error instanceof Error ? error.message : String(error)
    throw new CatalogueFileError(`${file}: ${reason}`, { cause: error })
  }
}

/** @param lines of a file's rows: told instead of places in the request */
function refusedAs(body: Readonly<Record<string, unknown>>, lines?: readonly number[]): number {
  const { title, errors = [] } = body as { readonly title?: string; readonly errors?: readonly { readonly path: string; readonly reason: string }[] }
  const where = (path: string) => (lines ? path.replace(/^\/body\/rows\/(\d+)\/?/u, (_, index: string) => `line ${lines[Number(index)] ?? '?'}: `) : path)
  process.stderr.write(`refused: ${title ?? ''}\n${errors.map(({ path, reason }) => `  ${where(path)}${lines ? ': ' : ' '}${reason}\n`).join('')}`)
  return 1
}
