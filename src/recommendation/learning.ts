import type { MatterRow } from '../domain/matters/matter.ts'
import type { Example } from './examples.ts'
import { featuresOf } from './features.ts'
import { dangerClass, type Model } from './recommender.ts'
import { type Sample, train, type Training } from './training.ts'

const training = { epochs: 20, rate: 6, dropout: 0.65, seen: 2, runs: 4 } as const satisfies Omit<Training, 'classes'>
/** Danger is told by few strong words: slower, or these alone would decide. */
const dangerTraining = { ...training, epochs: 10, rate: 2, dropout: 0.5 } as const
/** To see which sentences the others bear out. */
const foldTraining = { ...training, epochs: 5, dropout: 0.4, runs: 1 } as const
const folds = 3
/** What is known stays as it is but for what the new rows take from it. */
const furtherTraining = { epochs: 3, rate: 2, dropout: 0.4, seen: 1, runs: 1 } as const satisfies Omit<Training, 'classes'>
/** Every so manieth sentence of the rows that have not changed is learned again, so that they hold their own. */
const heldEvery = 10
const newShare = 4
/** A phrase counts less than a sentence: it was not said by anybody. */
const phraseWeight = 0.7
const scopeWeight = 0.7
/** So much less counts a sentence that the others would have given to another matter: it is far-fetched, or wrong. */
const farFetchedWeight = 0.2
/** A matter has a class of its own for its dangers from so many examples on. */
const fewestDangers = 5
const others = ['unclear', 'neither'] as const

/** Everything that makes a model what it is, beside rows, examples and the code of features. */
export const recipe = { training, dangerTraining, foldTraining, folds, phraseWeight, scopeWeight, farFetchedWeight, fewestDangers } as const

type Heard = Example & { readonly features: Sample['features'] }

/** Learns from the beginning. Takes ten minutes of processor time. */
export function learn(rows: readonly MatterRow[], examples: readonly Example[]): Model {
  const heard = examples.map((example): Heard => ({ ...example, features: featuresOf(example.text) }))
  const classes = classesOf(rows, heard)
  const farFetched = contradicted(rows, heard)
  const place = new Map(classes.map((name, index) => [name, index]))
  const said = heard.flatMap((one) => sampleOf(placeOf(one, place), one.features, weightOf(one) * (farFetched.has(one) ? farFetchedWeight : 1)))
  const dangers = heard.flatMap(({ features, danger }) => (danger === undefined ? [] : sampleOf(danger ? 1 : 0, features, 1)))
  const published = rows.flatMap((row) => samplesOf(row, place))
  return {
    classes,
    matters: train(balanced([...published, ...said], classes.length), { ...training, classes: classes.length }),
    danger: train(dangers, { ...dangerTraining, classes: 2 }),
  }
}

function classesOf(rows: readonly MatterRow[], heard: readonly Heard[]): readonly string[] {
  const names = [...rows.map(({ id }) => id), ...others]
  const dangers = Map.groupBy(heard.filter(({ danger }) => danger), ({ of }) => of)
  return [...names, ...names.filter((name) => (dangers.get(name)?.length ?? 0) >= fewestDangers).map(dangerClass)]
}

const placeOf = ({ of, danger }: Example, place: ReadonlyMap<string, number>): number | undefined => (danger ? place.get(dangerClass(of)) : undefined) ?? place.get(of)

const weightOf = ({ danger }: Example): number => (danger === undefined ? phraseWeight : 1)

/** The sentences that a model of two thirds of the examples, in which they are not, gives to another matter. */
function contradicted(rows: readonly MatterRow[], heard: readonly Heard[]): ReadonlySet<Heard> {
  const classes = [...rows.map(({ id }) => id), ...others]
  const place = new Map(classes.map((name, index) => [name, index]))
  const nameOf = new Map(rows.map(({ id, list, category, item }) => [id, `${list} ${category} ${item}`]))
  const sentences = heard.filter(({ of, real, danger }) => place.has(of) && danger !== undefined && !real)
  const kept = heard.filter(({ real }) => real)
  return new Set(
    Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) => {
      const seen = [...kept, ...sentences.filter((_, index) => index % folds !== fold)]
      const model = train(balanced(seen.flatMap(({ of, features }) => sampleOf(place.get(of), features, 1)), classes.length), { ...foldTraining, classes: classes.length })
      return sentences.filter((one, index) => {
        if (index % folds !== fold) return false
        const probabilities = model.probabilities(one.features)
        const best = classes[probabilities.indexOf(Math.max(...probabilities))] ?? ''
        return (nameOf.get(best) ?? best) !== (nameOf.get(one.of) ?? one.of)
      })
    }),
  )
}

/** Learns rows that are new or otherwise, on top of what is known. Takes seconds. @param changed some of them @param examples what the model was learned from */
export function learnFurther(model: Model, changed: readonly MatterRow[], examples: readonly Example[]): Model {
  const classes = [...new Set([...model.classes, ...changed.map(({ id }) => id)])]
  const place = new Map(classes.map((name, index) => [name, index]))
  const ids = new Set(changed.map(({ id }) => id))
  const held = examples.filter(({ of, danger }, index) => danger !== undefined && !ids.has(of) && index % heldEvery === 0)
  const [news, said] = [changed.flatMap((row) => samplesOf(row, place)), held.flatMap((one) => sampleOf(placeOf(one, place), featuresOf(one.text), 1))]
  // A few times as many of each new row as of any other: these are known already.
  const usual = (newShare * said.length) / model.classes.length
  const repeated = Array.from({ length: Math.max(1, Math.round((usual * changed.length) / Math.max(1, news.length))) }, () => news).flat()
  const known = new Set(news.flatMap(({ features }) => [...features.keys()]))
  const kept = said.map((sample) => ({ ...sample, features: new Map([...sample.features].filter(([feature]) => known.has(feature) || model.matters.knows(feature))) }))
  return { ...model, classes, matters: train([...repeated, ...kept], { ...furtherTraining, classes: classes.length }, model.matters) }
}

const sampleOf = (of: number | undefined, features: Sample['features'], weight: number): readonly Sample[] => (of === undefined ? [] : [{ features, of, weight }])

const samplesOf = ({ id, item, scope, phrases = [] }: MatterRow, place: ReadonlyMap<string, number>): readonly Sample[] =>
  [...sampleOf(place.get(id), featuresOf(item), 1), ...sampleOf(place.get(id), featuresOf(scope), scopeWeight), ...phrases.flatMap((phrase) => sampleOf(place.get(id), featuresOf(phrase), 1))]

/** Of a class with many examples each counts less, by the square root: a matter is not likelier for being well documented. */
function balanced(samples: readonly Sample[], classes: number): readonly Sample[] {
  const counts = new Float64Array(classes)
  for (const { of, weight } of samples) counts[of] = (counts[of] ?? 0) + weight
  const mean = counts.reduce((one, other) => one + other, 0) / classes
  return samples.map((sample) => ({ ...sample, weight: sample.weight * Math.sqrt(mean / (counts[sample.of] ?? mean)) }))
}
