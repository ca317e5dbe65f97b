import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { annex } from '../../src/matters/annex.ts'
import { shippedExamples } from '../../src/recommendation/examples.ts'
import { type Choice, Learned, mostChoices } from '../../src/recommendation/learned.ts'
import type { Recommendation, Recommender } from '../../src/recommendation/recommender.ts'
import { recommenderFor } from '../../src/recommendation/recommender-for.ts'
import type { BenchResult } from './result.ts'
import { printTable } from './result.ts'
import { figures, ratio } from './statistics.ts'

interface Sentence {
  readonly id: string
  readonly text: string
  readonly platform: Recommendation['platform']
  readonly emergency: boolean
  readonly matters: readonly { readonly list: number; readonly category: string; readonly item: string }[]
}
interface Judged extends Sentence {
  readonly said: Recommendation
}

const target = { first: 0.9, firstThree: 0.98, platform: 0.97, dangersRecognised: 1, falseAlarms: 0.03, medianMs: 2, p99Ms: 10 }
const mostConfusions = 40

/** What the recommender says of sentences that it has never seen, and how long it takes, beside cutting the same text into words. */
export async function recommend(progress: (line: string) => void): Promise<BenchResult> {
  progress('loading')
  const began = performance.now()
  const recommender = recommenderFor(annex)
  const loadingMs = Math.round(performance.now() - began)
  const sentences = readFileSync(join(import.meta.dirname, '../recommendation/judging.jsonl'), 'utf8').trim().split('\n').map((line): Sentence => JSON.parse(line))
  for (const { text } of sentences) recommender.recommend(text)
  const words = new Intl.Segmenter('zh', { granularity: 'word' })
  const cut = sentences.map(({ text }) => timed(() => [...words.segment(text)]).ms)
  const judged = sentences.map((sentence) => ({ ...sentence, ...timed(() => recommender.recommend(sentence.text)) })).map(({ value, ...sentence }) => ({ ...sentence, said: value }))
  progress('with all the choices that are kept')
  const learned = new Learned(choices(recommender))
  const beside = figures(sentences.map(({ text }) => timed(() => recommender.recommend(text, { learned })).ms))
  const [query, reference] = [figures(judged.map(({ ms }) => ms)), figures(cut)]
  printTable({ query, [`beside ${mostChoices} choices`]: beside, 'words only': reference })
  const quality = qualityOf(judged)
  return {
    name: 'recommend',
    samples: sentences.length,
    measured: { ...quality, loadingMs, queryMs: query, queryBesideChoicesMs: beside, platformConfusions: confusions(judged.map(({ platform, said }) => [platform, said.platform])), matterConfusions: confusions(ofMatters(judged).map(({ matters, said }) => [nameOf(matters[0]), nameOf(said.matters[0])])) },
    reference: { wordsOnlyMs: reference },
    ratio: { query: ratio(query, reference) },
    target,
    ok: quality.first >= target.first && quality.firstThree >= target.firstThree && quality.platform >= target.platform && quality.dangersRecognised.share >= target.dangersRecognised && quality.falseAlarms <= target.falseAlarms && beside.median <= target.medianMs && beside.p99 <= target.p99Ms,
  }
}

/** As many as are ever kept, of sentences from everywhere in the catalogue. */
function choices(recommender: Recommender): readonly Choice[] {
  const sentences = shippedExamples().filter(({ of, danger }) => danger !== undefined && of.startsWith('L'))
  const every = Math.floor(sentences.length / mostChoices)
  return sentences.filter((_, index) => index % every === 0).slice(0, mostChoices).map(({ of, text }) => ({ matter: of, features: recommender.knownOf(text) }))
}

function qualityOf(judged: readonly Judged[]) {
  const withMatter = ofMatters(judged)
  const amongFirst = (n: number) => share(withMatter, ({ matters, said }) => said.matters.slice(0, n).some((proposed) => matters.some((right) => nameOf(right) === nameOf(proposed))))
  const dangers = judged.filter(({ emergency }) => emergency)
  const recognised = dangers.filter(({ said }) => said.emergency).length
  return {
    first: amongFirst(1),
    firstThree: amongFirst(3),
    platform: share(judged, ({ platform, said }) => platform === said.platform),
    dangersRecognised: { of: dangers.length, recognised, share: recognised / dangers.length, lower95: lowerBound(recognised, dangers.length) },
    falseAlarms: share(judged.filter(({ emergency }) => !emergency), ({ said }) => said.emergency),
  }
}

/** Of one desk's matter: `unclear` and `neither` have none to be right about. */
const ofMatters = (judged: readonly Judged[]): readonly Judged[] => judged.filter(({ platform }) => platform === '110' || platform === '12345')

const nameOf = (matter: Sentence['matters'][number] | undefined): string => (matter ? `${matter.list} ${matter.category} ${matter.item}` : 'none')

const share = (judged: readonly Judged[], isSo: (one: Judged) => boolean): number => judged.filter(isSo).length / judged.length

function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const began = performance.now()
  const value = work()
  return { value, ms: performance.now() - began }
}

/** One-sided lower 95 % bound of a share (Clopper and Pearson, 1934), by bisection. */
function lowerBound(successes: number, of: number): number {
  if (successes === 0) return 0
  let [low, high] = [0, successes / of]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (atLeast(successes, of, middle) < 0.05) low = middle
    else high = middle
  }
  return Math.round(low * 10_000) / 10_000
}

/** The probability of so many successes or more. */
function atLeast(successes: number, of: number, probability: number): number {
  let logChoose = 0
  let sum = 0
  for (let k = of; k >= successes; k--) {
    sum += Math.exp(logChoose + k * Math.log(probability) + (of - k) * Math.log1p(-probability))
    logChoose += Math.log(k) - Math.log(of - k + 1)
  }
  return sum
}

function confusions(pairs: readonly (readonly [right: string, said: string])[]): readonly { readonly right: string; readonly said: string; readonly times: number }[] {
  const times = new Map<string, number>()
  for (const [right, said] of pairs) if (right !== said) times.set(`${right}→${said}`, (times.get(`${right}→${said}`) ?? 0) + 1)
  return [...times].toSorted(([, one], [, other]) => other - one).slice(0, mostConfusions).map(([pair, count]) => ({ right: pair.split('→')[0] ?? '', said: pair.split('→')[1] ?? '', times: count }))
}
