import { Type } from 'typebox'
import type { CommandResult } from '../../calls/commands.ts'
import { modes, outcomes } from '../../domain/handover/handover.ts'
import { answerOf, answerOnce, HandoverAnswer, keyedProblems, KeyHeader, refusal } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { Answer, IdempotencyKeys } from '../idempotency.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

const Params = Type.Object({ handoverId: Type.String() })
const Nothing = Type.Object({}, { additionalProperties: false })
const commonProblems = [...keyedProblems, 'handover-not-found', 'handover-too-late', 'handover-settled', 'asterisk-away'] as const
const common = { tags: ['hand-overs'], headers: KeyHeader, params: Params, querystring: NoQuery }
const answers = { ...problemAnswers(...commonProblems), 200: HandoverAnswer }
/** There is nothing to say: a body may be left out. */
const preValidation = async (request: { body: unknown }): Promise<void> => {
  request.body ??= {}
}

/** Keys pressed while a hand-over is under way. */
export function handoverCommandRoutes(app: App, { calls, journal }: HttpDeps, keys: IdempotencyKeys): void {
  /** Of a live call; or of an earlier one, or followed by another one in its own. */
  async function told(handoverId: string, known: CommandResult | undefined): Promise<Answer> {
    if (known && !(known.reply.kind === 'refused' && known.reply.code === 'handover-not-found')) return answerOf(known, calls)
    const settled = (await journal.factsOfHandover(handoverId)).length > 0
    return refusal(settled ? 'handover-settled' : 'handover-not-found')
  }

  app.post(
    '/v1/handovers/:handoverId/cancel',
    {
      schema: {
        ...common,
        operationId: 'cancelHandover',
        summary: 'Take the key press back while the other desk rings, or in the consultation',
        body: Nothing,
        response: answers,
      },
      preValidation,
    },
    async (request, reply) => {
      const { handoverId } = request.params
      return answerOnce(request, reply, keys, () => told(handoverId, calls.cancel(handoverId)))
    },
  )

  app.patch(
    '/v1/handovers/:handoverId',
    {
      schema: {
        ...common,
        operationId: 'changeHandover',
        summary: 'Go on in another way: merge, complete, consult again',
        description:
          'A ringing transfer becomes a three-way call, or back. A consultation ends with `consult: false`: `conference` merges, `transfer` completes it and releases the first desk. ' +
          'A three-way call becomes a transfer, or with `consult: true` a consultation.',
        body: Type.Object(
          { mode: Type.Enum(modes), consult: Type.Boolean({ description: 'Whether the desks are to talk with each other, the caller aside' }) },
          { additionalProperties: false },
        ),
        response: answers,
      },
    },
    async (request, reply) => {
      const { handoverId } = request.params
      return answerOnce(request, reply, keys, () => told(handoverId, calls.change(handoverId, request.body)))
    },
  )

  app.post(
    '/v1/handovers/:handoverId/confirm',
    {
      schema: {
        ...common,
        operationId: 'confirmHandover',
        summary: 'The other desk confirms a verified transfer; now the first desk is released',
        body: Nothing,
        response: { ...problemAnswers(...commonProblems, 'handover-not-verified'), 200: HandoverAnswer },
      },
      preValidation,
    },
    async (request, reply) => {
      const { handoverId } = request.params
      return answerOnce(request, reply, keys, () => told(handoverId, calls.confirm(handoverId)))
    },
  )

  app.post(
    '/v1/handovers/:handoverId/outcome',
    {
      schema: {
        ...common,
        operationId: 'decideHandover',
        summary: 'What the desks decided in their three-way call',
        description:
          '`taken`: the other desk takes the matter; `kept`: the first desk keeps it; `undecided`: the first desk keeps it (首接), with danger 110 does (§4). ' +
          'Without a decision it is `taken` when the first desk leaves first, `kept` when the other one does, and `undecided` when the caller does.',
        body: Type.Object({ outcome: Type.Enum(outcomes) }, { additionalProperties: false }),
        response: { ...problemAnswers(...commonProblems, 'not-a-conference'), 200: HandoverAnswer },
      },
    },
    async (request, reply) => {
      const { handoverId } = request.params
      return answerOnce(request, reply, keys, () => told(handoverId, calls.decide(handoverId, request.body.outcome)))
    },
  )
}
