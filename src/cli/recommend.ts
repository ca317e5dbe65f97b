import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { annex } from '../matters/annex.ts'
import type { Recommender } from '../recommendation/recommender.ts'
import { recommenderFor } from '../recommendation/recommender-for.ts'
import { whyNotRecommendable } from '../recommendation/utterance.ts'
import { UsageError } from './usage-error.ts'

const usage = `tandem recommend --jsonl
  Proposes platform and matter. One utterance a line on standard input, {"id","text"}; one answer a line, {"id","platform","emergency","matters"};
  {"id","error"} for a line that is none. Status 1 when there was such a line.
`

/** `tandem recommend --jsonl`. @returns the exit status @throws UsageError */
export async function recommendCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { jsonl: { type: 'boolean', default: false } } })
  if (!values.jsonl) throw new UsageError(`what about a recommendation?\n${usage}`)
  const recommender = recommenderFor(annex)
  let failed = false
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const answer = answerTo(line, recommender)
    failed ||= 'error' in answer
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  return failed ? 1 : 0
}

function answerTo(line: string, recommender: Recommender): object {
  const value = parsed(line)
  if (typeof value !== 'object' || value === null) return { id: null, error: 'the line is no JSON object' }
  const { id, text } = value as { readonly id?: unknown; readonly text?: unknown }
  if (typeof id !== 'string' && typeof id !== 'number') return { id: null, error: 'id: neither text nor a number' }
  const why = typeof text === 'string' ? whyNotRecommendable(text) : 'not a text'
  if (typeof text !== 'string' || why !== undefined) return { id, error: `text: ${why}` }
  const { platform, emergency, matters } = recommender.recommend(text)
  return { id, platform, emergency, matters: matters.map(({ category, item, score }) => ({ category, item, score })) }
}

/** @returns undefined when it is no JSON */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Said to whoever wrote the line.
    return undefined
  }
}
