import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ConfigSchema } from '../../src/config/schema.ts'
import { failureReasons } from '../../src/domain/handover/handover.ts'
import { problems } from '../../src/http/problem.ts'
import { ticketEvents } from '../../src/tickets/payload-schema.ts'
import { webhookRefusals } from '../../src/tickets/webhook-refusals.ts'

const root = new URL('../../', import.meta.url)
const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, root)), 'utf8')
const english = read('README.md')
const chinese = read('README.zh-CN.md')

/** The rows of the table below a header row that begins so: their cells, without the bars and blanks. */
function rowsBelow(text: string, header: string): readonly (readonly string[])[] {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`))
  expect(start, `a table that begins with ${header}`).toBeGreaterThan(-1)
  const below = lines.slice(start + 2)
  const end = below.findIndex((line) => !line.startsWith('|'))
  return below.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const bare = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '')

/** What the tables must say of a setting. */
interface Setting {
  readonly path: string
  /** Undefined: none. */
  readonly default: string | undefined
  readonly required: boolean
  /** Values and bounds that its type must name. */
  readonly limits: readonly string[]
}

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
}

/** Every setting below `schema`; both desks have the same settings and share their rows. */
function settingsOf(schema: Schema, path: string, required: boolean): readonly Setting[] {
  if (schema.properties) {
    return Object.entries(schema.properties).flatMap(([name, child]) => {
      const at = path === 'desks' ? 'desks.*' : [path, name].filter(Boolean).join('.')
      return settingsOf(child, at, schema.required?.includes(name) ?? false)
    })
  }
  const { default: value, items } = schema
  const setting: Setting = {
    path,
    default: value === undefined || typeof value === 'string' ? value : JSON.stringify(value),
    required,
    limits: [...(schema.enum ?? []), ...[schema.minimum, schema.maximum].filter((limit) => limit !== undefined).map(String)],
  }
  return items?.properties ? [setting, ...settingsOf(items, `${path}[]`, true)] : [setting]
}

const plain = JSON.parse(JSON.stringify(ConfigSchema)) as Schema
const settings = [...new Map(settingsOf(plain, '', true).map((setting) => [setting.path, setting])).values()]

describe.each([
  { language: 'English', text: english, header: 'Setting', required: 'required', optional: 'optional' },
  { language: 'Chinese', text: chinese, header: '设置', required: '必填', optional: '可省略' },
])('the $language table of settings', ({ text, header, required, optional }) => {
  const rows = new Map(rowsBelow(text, header).map((cells) => [bare(cells[0]), cells]))

  it('has every setting of the schema, and no other', () => {
    expect(settings.length).toBeGreaterThan(40)
    expect([...rows.keys()].toSorted()).toEqual(settings.map(({ path }) => path).toSorted())
  })

  it.each(settings)('has the default and the limits of $path', (setting) => {
    const [, type, value, meaning] = rows.get(setting.path) ?? []
    expect(bare(value)).toBe(setting.default ?? (setting.required ? required : optional))
    expect(bare(type).match(/[\w.-]+/g) ?? []).toEqual(expect.arrayContaining([...setting.limits]))
    expect(meaning).not.toBe('')
  })
})

describe('the README', () => {
  it('lists every problem of the HTTP interface with its status, and no other', () => {
    const listed = rowsBelow(english, 'Code').map(([code, status]) => [bare(code), Number(status)])
    const known = Object.entries(problems).map(([code, { status }]) => [code, status])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known))
    expect(listed).toHaveLength(known.length)
  })

  it.each([
    ['English', english, 'Reason'],
    ['Chinese', chinese, '原因'],
  ])('explains every reason of failure, in %s', (_language, text, header) => {
    expect(rowsBelow(text, header).map(([reason]) => bare(reason)).toSorted()).toEqual([...failureReasons].toSorted())
  })

  it.each([
    ['English', english, 'Refusal'],
    ['Chinese', chinese, '拒绝代码'],
  ])('lists every refusal of a webhook with its status, in %s', (_language, text, header) => {
    const listed = rowsBelow(text, header).map(([code, status]) => [bare(code), Number(status)])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(Object.entries(webhookRefusals).map(([code, { status }]) => [code, status])))
  })

  it.each(ticketEvents)('names the ticket event %s', (event) => {
    expect(english.includes(`\`${event}\``) || english.includes(`\`${event.replace('handover', '')}\``)).toBe(true)
  })

  it.each([
    ['README.md', english],
    ['README.zh-CN.md', chinese],
    ['src/DECISIONS.md', read('src/DECISIONS.md')],
  ])('%s names only npm scripts that are there', (_name, text) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm (?:run (?:-s )?([\w-]+)|(start|test))\b/g)].map(([, script, short]) => script ?? short)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
  })
})
