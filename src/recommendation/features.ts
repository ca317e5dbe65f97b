import { pinyin } from 'pinyin-pro'
import { normalised } from './normalised.ts'

/** What a feature counts for: single characters carry much in Chinese, long strings are rare. */
const weightOf = { character: 1.2, pair: 1, apart: 0.7, triple: 0.5, sound: 0.5, word: 0.7 } as const

const words = new Intl.Segmenter('zh', { granularity: 'word' })

/** As sounded by who says and types them here: zh, ch, sh as z, c, s; -ng as -n. */
const soundsOf = (han: string): readonly string[] => pinyin(han, { toneType: 'none', type: 'array' }).map((sound) => sound.replace(/^([zcs])h/u, '$1').replace(/ng$/u, 'n'))

/**
 * What a text is judged by: its characters, pairs and triples of them, pairs with one between (`_`: 没…水), pairs of their sounds (`~`: homophones are typed and heard for each other), its
 * words (`#`). Length does not count: the weights' squares sum to 1.
 */
export function featuresOf(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const clean = normalised(text)
  for (const part of clean.split(' ')) {
    const characters = Array.from(part)
    const sounds = part === '' ? [] : soundsOf(part)
    for (const [index, character] of characters.entries()) {
      found.set(character, weightOf.character)
      if (index + 1 < characters.length) found.set(characters.slice(index, index + 2).join(''), weightOf.pair)
      if (index + 2 < characters.length) {
        found.set(characters.slice(index, index + 3).join(''), weightOf.triple)
        found.set(`${character}_${characters[index + 2]}`, weightOf.apart)
      }
      if (index + 1 < sounds.length) found.set(`~${sounds[index]} ${sounds[index + 1]}`, weightOf.sound)
    }
  }
  for (const { segment } of words.segment(clean)) if (segment.length > 1) found.set(`#${segment}`, weightOf.word)
  const length = Math.hypot(...found.values())
  for (const [feature, weight] of found) found.set(feature, weight / length)
  return found
}
