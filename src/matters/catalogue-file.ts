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

/** Rows of a file, each with its line. */
export interface CsvRows {
  readonly rows: readonly MatterRow[]
  /** From 1, of each row. */
  readonly lines: readonly number[]
}

/** What the cells say is not judged here. @throws CatalogueFileError naming the line */
export function fromCsv(text: string): CsvRows {
  const [first, ...body] = readCsv(text)
  const header = first?.record ?? []
  const [missing, unknown] = [columns.filter((column) => !header.includes(column)), header.filter((name) => !columns.some((column) => column === name))]
  // What is not there would be taken away from the rows that have it.
  if (missing.length > 0) throw new CatalogueFileError(`line 1: no column ${missing.join(', ')}`)
  if (unknown.length > 0) throw new CatalogueFileError(`line 1: unknown column ${unknown.join(', ')}`)
  const rows = body.map(({ record }) => rowOf(Object.fromEntries(header.map((column, at) => [column, (record[at] ?? '').trim()]))))
  return { rows, lines: body.map(({ info }) => info.lines) }
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

function readCsv(text: string): readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, info: true }) as unknown as ReturnType<typeof readCsv>
  } catch (error) {
    throw new CatalogueFileError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function rowOf({ id = '', list = '', category = '', item = '', scope = '', phrases = '', validFrom = '', validUntil = '' }: Readonly<Record<string, string>>): MatterRow {
  const said = phrases.split(between).map((phrase) => phrase.trim()).filter((phrase) => phrase !== '')
  return { id, list: (/^[12]$/u.test(list) ? Number(list) : 0) as List, category, item, scope, ...(said.length > 0 ? { phrases: said } : {}), ...(validFrom === '' ? {} : { validFrom: dayOf(validFrom) }), ...(validUntil === '' ? {} : { validUntil: dayOf(validUntil) }) }
}

/** A spreadsheet saves 2026-12-01 as 2026/12/1. */
const dayOf = (text: string): string => text.replace(/^(\d{4})\/(\d{1,2})\/(\d{1,2})$/u, (_, year: string, month: string, day: string) => `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`)
