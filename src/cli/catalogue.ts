import { parseArgs } from 'node:util'
import { annex } from '../matters/annex.ts'
import { UsageError } from './usage-error.ts'

const usage = `tandem catalogue export --json
  The matter catalogue (事项清单) as it was published: an array of its rows, with id, list, category, item and scope.
`

/** `tandem catalogue …`. @returns the exit status @throws UsageError */
export function catalogueCommand(args: readonly string[]): number {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: 'boolean', default: false } } })
  if (positionals.length !== 1 || positionals[0] !== 'export' || !values.json) throw new UsageError(`what about the catalogue?\n${usage}`)
  process.stdout.write(`[\n${annex.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
  return 0
}
