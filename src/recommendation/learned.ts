/** What agents finally chose, and how much it may move the ranking. Pure. */

/** A matter that an agent chose for what a citizen said. */
export interface Choice {
  /** Id of the catalogue's row. */
  readonly matter: string
  /** Of what was said: the features that the recommender knows, with their values. */
  readonly features: readonly (readonly [feature: string, value: number])[]
}

/**
 * The most that choices add to a row's log-odds. The floor follows from it: whatever is chosen, and however often, the odds of no row against
 * another fall by more than the factor e^2; a row that led by more than that leads still.
 */
export const mostGained = 2
/** From which likeness on (cosine) a choice says something about another sentence: below it they share but common words. */
const alike = 0.3
/** Choices of one and the same sentence until two thirds of the most are gained. */
const soonLearned = 2

/** The newest are kept: older ones say little of how people speak now. */
export const mostChoices = 5_000

export class Learned {
  /** By the order in which they were made. */
  readonly #choices = new Map<number, Choice>()
  #next = 0
  /** Which choices have a feature, and its value there. */
  readonly #having = new Map<string, Map<number, number>>()

  constructor(choices: readonly Choice[] = []) {
    for (const choice of choices) this.add(choice)
  }

  add(choice: Choice): void {
    const at = this.#next++
    this.#choices.set(at, choice)
    for (const [feature, value] of choice.features) {
      const having = this.#having.get(feature) ?? new Map<number, number>()
      this.#having.set(feature, having.set(at, value))
    }
    if (this.#choices.size > mostChoices) this.#forget(at - mostChoices)
  }

  #forget(at: number): void {
    for (const [feature] of this.#choices.get(at)?.features ?? []) {
      const having = this.#having.get(feature)
      having?.delete(at)
      if (having?.size === 0) this.#having.delete(feature)
    }
    this.#choices.delete(at)
  }

  /** What is added to the log-odds of each row for a text, 0 to `mostGained`; rows that are not there gain nothing. */
  gains(features: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const likeness = new Map<number, number>()
    for (const [feature, value] of features) {
      for (const [choice, there] of this.#having.get(feature) ?? []) likeness.set(choice, (likeness.get(choice) ?? 0) + value * there)
    }
    const support = new Map<string, number>()
    for (const [index, cosine] of likeness) {
      const matter = this.#choices.get(index)?.matter
      if (matter !== undefined && cosine >= alike) support.set(matter, (support.get(matter) ?? 0) + cosine)
    }
    return new Map([...support].map(([matter, sum]) => [matter, mostGained * (1 - Math.exp(-sum / soonLearned))]))
  }
}
