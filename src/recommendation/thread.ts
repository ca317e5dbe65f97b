import { parentPort, workerData } from 'node:worker_threads'
import { Learned } from './learned.ts'
import type { MatterRow } from '../domain/matters/matter.ts'
import type { Asked, Told } from './recommendation-thread.ts'
import { recommenderFor } from './recommender-for.ts'

/** The thread of RecommendationThread: learning holds up nobody here. */
const recommender = recommenderFor(workerData as readonly MatterRow[])
let learned = new Learned()

parentPort?.on('message', (asked: Asked) => {
  if ('choices' in asked) learned = new Learned(asked.choices)
  else if ('matter' in asked) tell({ id: asked.id, choice: chosen(asked) })
  else tell({ id: asked.id, recommendation: recommender.recommend(asked.text, { most: asked.most, except: asked.except, learned }) })
})
tell({ id: 0 })

function chosen({ text, matter }: Extract<Asked, { matter: string }>) {
  const choice = { matter, features: recommender.knownOf(text) }
  learned.add(choice)
  return choice
}

function tell(told: Told): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(told)
}
