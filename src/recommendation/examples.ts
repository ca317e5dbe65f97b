import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What somebody says, and what it is about. */
export interface Example {
  /** A row's id, `unclear`, `neither`; `none`: known only whether it is a danger. */
  readonly of: string
  readonly text: string
  /** As citizens really speak: of the tuning half. */
  readonly real?: true
  /** Danger to life, property or public safety, now; left out where a phrase does not tell. */
  readonly danger?: boolean
}

const realFile = 'tuning.tsv'
const folder = join(import.meta.dirname, 'examples')

/** The examples that Tandem brings: `phrases-*.txt`, a row's id and its phrases a line; `*.tsv`, row, sentence, and 1 for a danger. @throws Error when a line is neither */
export function shippedExamples(): readonly Example[] {
  return readdirSync(folder).toSorted().flatMap((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n').filter((line) => line !== '')
    return file.endsWith('.tsv') ? lines.map((line) => sentence(file, line)) : lines.flatMap(phrases)
  })
}

function sentence(file: string, line: string): Example {
  const [of, text, danger] = line.split('\t')
  if (of === undefined || text === undefined || (danger !== '0' && danger !== '1')) throw new Error(`${file}: not an example: ${line}`)
  return { of, text, danger: danger === '1', ...(file === realFile ? { real: true } : {}) }
}

function phrases(line: string): readonly Example[] {
  const [of = '', ...texts] = line.split(' ')
  return texts.map((text) => ({ of, text }))
}
