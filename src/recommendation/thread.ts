import { parentPort, workerData } from 'node:worker_threads'
import type { MatterRow } from '../domain/matters/matter.ts'
import { shippedExamples } from './examples.ts'
import type { Asked, Told } from './recommendation-thread.ts'
import { Recommender } from './recommender.ts'

/** The thread of RecommendationThread: learning takes seconds, and holds up nobody here. */
const recommender = Recommender.train(workerData as readonly MatterRow[], shippedExamples())

parentPort?.on('message', ({ id, text, most }: Asked) => tell({ id, recommendation: recommender.recommend(text, most) }))
tell({ id: 0 })

function tell(told: Told): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(told)
}
