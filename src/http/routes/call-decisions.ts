import { Type } from 'typebox'
import { factVersion } from '../../domain/facts.ts'
import { heldTo, lacksReason } from '../../domain/policy/held-to.ts'
import { answerOnce, keyedProblems, KeyHeader } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { Circumstances, Danger } from '../policy-answers.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'
import { KeptDecisionRecord, Time } from '../../tickets/record-schemas.ts'

const strict = { additionalProperties: false } as const

/** What is decided of a request that is not handed over, and who is known for harassment (R2, R16). */
export function callDecisionRoutes(app: App, { calls, journal, nuisance }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): void {
  app.post(
    '/v1/calls/:callId/decisions',
    {
      schema: {
        operationId: 'recordDecision',
        summary: 'Record what is done with a request that is not handed over: kept, explained, refused',
        description: 'What the policy says is kept with it. `nuisance` marks the caller’s number as well: his next calls say so. The answer’s `decision` then offers him to 110.',
        tags: ['policy'],
        params: Type.Object({ callId: Type.String() }),
        headers: KeyHeader,
        querystring: NoQuery,
        body: Type.Object(
          {
            mode: Type.Enum(['keep', 'guide', 'refuse'], { description: '`keep`: the desk deals with it; `guide`: explained where to turn; `refuse`: explained why not' }),
            ...Circumstances,
            danger: Danger,
            reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Needed where the policy says otherwise' })),
          },
          strict,
        ),
        response: {
          ...problemAnswers(...keyedProblems, 'call-not-found', 'reason-missing'),
          201: Type.Object({ decision: KeptDecisionRecord, nuisanceMarks: Type.Integer({ description: 'How often the caller is marked as harassing the hotline' }), durable: Type.Boolean({ description: 'It is on disk' }) }, { description: 'What was recorded' }),
        },
      },
    },
    async (request, reply) => {
      const { mode, reason, ...known } = request.body
      const call = calls.get(request.params.callId)
      if (!call) return sendProblem(reply, problem('call-not-found'))
      const facts = { ...(call.caller.kind ? { caller: call.caller.kind } : {}), ...known, at: call.desk, channel: 'phone' } as const
      const deed = { mode, ...(mode === 'keep' ? { platform: call.desk } : {}) }
      const decision = heldTo(facts, deed)
      if (lacksReason(decision, deed, reason)) return sendProblem(reply, problem('reason-missing'))
      return answerOnce(request, reply, keys, async () => {
        const at = new Date().toISOString()
        const { agent, id: callId } = call
        const { number } = call.caller
        const { durable } = await journal.append([{ type: 'decision-recorded', version: factVersion, at, by: request.user, callId, ...(agent === undefined ? {} : { agent }), facts, decision, ...deed, ...(reason === undefined ? {} : { reason }) }])
        const nuisanceMarks = facts.nuisance ? await nuisance.mark({ number, at, by: request.user, callId }) : nuisance.marksOf(number)
        return { status: 201, body: JSON.stringify({ decision, nuisanceMarks, durable }) }
      })
    },
  )

  app.get(
    '/v1/nuisance-callers',
    {
      schema: {
        operationId: 'listNuisanceCallers',
        summary: 'Numbers that were marked as harassing the hotline (恶意骚扰), the last marked first',
        tags: ['policy'],
        querystring: NoQuery,
        response: {
          ...problemAnswers(),
          200: Type.Object(
            { items: Type.Array(Type.Object({ caller: Type.Object({ number: Type.String(), nuisanceMarks: Type.Integer() }), at: Time('Last marked'), by: Type.String({ description: 'Who marked him last' }), callId: Type.String({ description: 'In which call' }) })) },
            { description: 'All of them' },
          ),
        },
      },
    },
    async ({ who }) => ({ items: nuisance.list(needToKnow.hiddenFrom(who)).map(({ number, marks, ...last }) => ({ caller: { number, nuisanceMarks: marks }, ...last })) }),
  )

  app.delete(
    '/v1/nuisance-callers/:number',
    {
      schema: {
        operationId: 'clearNuisanceCaller',
        summary: 'Take all marks off a number',
        tags: ['policy'],
        params: Type.Object({ number: Type.String({ minLength: 1, maxLength: 40 }) }),
        querystring: NoQuery,
        response: { ...problemAnswers('caller-not-marked'), 204: Type.Null({ description: 'None is left' }) },
      },
    },
    async (request, reply) => {
      if (!(await nuisance.forget({ number: request.params.number, except: needToKnow.hiddenFrom(request.who) }))) return sendProblem(reply, problem('caller-not-marked'))
      await journal.append([{ type: 'nuisance-caller-cleared', version: factVersion, at: new Date().toISOString(), by: request.user }])
      return reply.code(204).send(null)
    },
  )
}
