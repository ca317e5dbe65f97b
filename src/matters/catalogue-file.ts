import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import type { KnowledgeEntry, List, MatterRow } from '../domain/matters/matter.ts'

/** A catalogue file cannot be read; the message says where and why. */
export class CatalogueFileError extends Error {
  override readonly name = 'CatalogueFileError'
}

const columns = ['id', 'list', 'category', 'item', 'scope', 'phrases', 'validFrom', 'validUntil'] as const
const between = '、'

/** For a spreadsheet: UTF-8 with its mark, CRLF (RFC 4180). */
export function toCsv(rows: readonly MatterRow[]): string {
  const cells = rows.map((row) => columns.map((column) => (column === 'phrases' ? (row.phrases ?? []).join(between) : (row[column] ?? ''))))
  return stringify([columns, ...cells], { bom: true, record_delimiter: 'windows' })
}

/** @throws CatalogueFileError naming the line */
export function fromCsv(text: string): readonly MatterRow[] {
  const records = readCsv(text)
  const missing = columns.slice(0, 5).filter((column) => !(records[0] ?? []).includes(column))
  if (missing.length > 0) throw new CatalogueFileError(`line 1: no column ${missing.join(', ')}`)
  const [header = [], ...body] = records
  return body.map((cells, index) => rowOf(Object.fromEntries(header.map((column, at) => [column, (cells[at] ?? '').trim()])), index + 2))
}

/** An export of ours, whole or its rows alone. @throws CatalogueFileError */
export function fromJson(text: string): { readonly rows?: readonly MatterRow[]; readonly knowledge?: readonly KnowledgeEntry[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CatalogueFileError(`not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  if (Array.isArray(value)) return { rows: value as readonly MatterRow[] }
  if (typeof value !== 'object' || value === null) throw new CatalogueFileError('neither rows nor a catalogue')
  const { rows, knowledge } = value as { readonly rows?: readonly MatterRow[]; readonly knowledge?: readonly KnowledgeEntry[] }
  return { ...(rows ? { rows } : {}), ...(knowledge ? { knowledge } : {}) }
}

function readCsv(text: string): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true })
  } catch (error) {
    throw new CatalogueFileError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function rowOf({ id = '', list = '', category = '', item = '', scope = '', phrases = '', validFrom = '', validUntil = '' }: Readonly<Record<string, string>>, line: number): MatterRow {
  if (list !== '1' && list !== '2') throw new CatalogueFileError(`line ${line}: list: neither 1 nor 2`)
  const said = phrases.split(between).map((phrase) => phrase.trim()).filter((phrase) => phrase !== '')
  return { id, list: Number(list) as List, category, item, scope, ...(said.length > 0 ? { phrases: said } : {}), ...(validFrom === '' ? {} : { validFrom }), ...(validUntil === '' ? {} : { validUntil }) }
}
