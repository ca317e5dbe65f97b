/** What ticket systems answer over REST. */
import { DeliveryError } from './verdict.ts'

/** Of an answer that is kept, characters. */
const mostShown = 2_048

/** @throws DeliveryError for a login page, or an answer that is cut off: nothing that says what was done */
export function parsed(answer: string): object {
  try {
    const json: unknown = JSON.parse(answer)
    if (typeof json === 'object' && json !== null) return json
    throw new SyntaxError('neither an object nor a list')
  } catch (error) {
    throw new DeliveryError('retry', 'no-json', { cause: error, answer: answer.slice(0, mostShown) })
  }
}

/** It was told, and has not done it: what it said is kept. A person puts it right there, and it is tried again meanwhile. */
export const refused = (code: string, answer: unknown): DeliveryError => new DeliveryError('retry', code, { answer: (typeof answer === 'string' ? answer : JSON.stringify(answer)).slice(0, mostShown) })

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
