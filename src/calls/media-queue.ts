import { type MediaAction, sentAtOnce } from './media-action.ts'

/** The media actions of one call, performed in their order. */
export class MediaQueue {
  readonly #perform: (action: MediaAction) => Promise<void>
  #done: Promise<void> = Promise.resolve()
  /** Everything has been sent; the PBX carries out in its order what one connection sends, so more may follow. */
  #sent: Promise<void> = Promise.resolve()

  /** @param perform never rejects */
  constructor(perform: (action: MediaAction) => Promise<void>) {
    this.#perform = perform
  }

  /** Resolves when all that has been pushed so far is done. */
  get done(): Promise<void> {
    return this.#done
  }

  push(action: MediaAction): void {
    const performed = this.#sent.then(() => this.#perform(action))
    this.#done = Promise.all([this.#done, performed]).then(() => undefined)
    if (!sentAtOnce.has(action.type)) this.#sent = this.#done
  }

  /** When all before it is done, and this too. */
  pushAfter(ready: () => Promise<unknown>, action: MediaAction): void {
    this.#done = this.#done.then(ready).then(() => this.#perform(action))
    this.#sent = this.#done
  }
}
