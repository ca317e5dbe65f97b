import { normalised } from './normalised.ts'

/** Longest text that is judged, characters: a citizen's story is shorter. */
export const longestUtterance = 2_000

/** Why a text cannot be judged; undefined when it can. What is no word (emoji, control characters) is passed over. */
export function whyNotRecommendable(text: string): string | undefined {
  if (text.length > longestUtterance) return `longer than ${longestUtterance} characters`
  return normalised(text) === '' ? 'there is no Chinese or Latin word in it' : undefined
}
