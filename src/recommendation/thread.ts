import { parentPort } from 'node:worker_threads'
import { annex } from '../matters/annex.ts'
import { shippedExamples } from './examples.ts'
import { Recommender } from './recommender.ts'
import type { Asked, Told } from './recommendation-thread.ts'

/** The thread of RecommendationThread: learning takes seconds, and holds up nobody here. */
const recommender = Recommender.train(annex, shippedExamples())

parentPort?.on('message', ({ id, text, most }: Asked) => {
  const told: Told = { id, recommendation: recommender.recommend(text, most) }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(told)
})
