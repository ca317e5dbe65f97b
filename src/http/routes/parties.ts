import { Type } from 'typebox'
import { answerOf, answerOnce, keyedProblems, KeyHeader, PartyAnswer } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import { problemAnswers } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

const common = { tags: ['parties'], headers: KeyHeader, querystring: NoQuery }
const commonProblems = [...keyedProblems, 'call-not-found', 'call-not-answered', 'call-ended', 'asterisk-away'] as const
const Params = Type.Object({ callId: Type.String(), party: Type.String({ description: '`caller`, or the channel’s id' }) })

/** Everybody in a call, one by one. */
export function partyRoutes(app: App, { calls }: HttpDeps, keys: IdempotencyKeys): void {
  app.post(
    '/v1/calls/:callId/parties',
    {
      schema: {
        ...common,
        operationId: 'inviteParty',
        summary: 'Invite a further party: another service, an interpreter, a supervisor',
        description: 'It is rung while the others talk on, and joins them as it answers. Responsibility does not pass to it.',
        params: Type.Object({ callId: Type.String() }),
        body: Type.Object(
          { destination: Type.String({ minLength: 1, maxLength: 40, description: 'One of `destinations` or `agents` of the configuration' }) },
          { additionalProperties: false },
        ),
        response: { ...problemAnswers(...commonProblems, 'destination-not-found', 'destination-busy', 'party-already-in'), 200: PartyAnswer },
      },
    },
    async (request, reply) => {
      const { callId } = request.params
      return answerOnce(request, reply, keys, () => answerOf(calls.invite(callId, request.body.destination), calls, callId))
    },
  )

  app.patch(
    '/v1/calls/:callId/parties/:party',
    {
      schema: {
        ...common,
        operationId: 'changeParty',
        summary: 'Hold or mute a party, let it whisper, or end that',
        description: 'Held: apart from the others, with music. Muted: hears the others and is not heard. Whispering (耳语): hears all, and one desk alone hears it.',
        params: Params,
        body: Type.Object(
          {
            held: Type.Optional(Type.Boolean()),
            muted: Type.Optional(Type.Boolean()),
            whisperTo: Type.Optional(
              Type.Union([Type.String({ minLength: 1, maxLength: 80 }), Type.Null()], { description: 'The desk’s party that alone is to hear this further party; null: all hear it again' }),
            ),
          },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { ...problemAnswers(...commonProblems, 'party-not-found', 'party-not-joined', 'cannot-whisper'), 200: PartyAnswer },
      },
    },
    async (request, reply) => {
      const { callId, party } = request.params
      return answerOnce(request, reply, keys, () => answerOf(calls.changeParty(callId, party, request.body), calls, callId))
    },
  )

  app.post(
    '/v1/calls/:callId/parties/:party/drop',
    {
      schema: {
        ...common,
        operationId: 'dropParty',
        summary: 'End a party’s part; the others talk on',
        params: Params,
        body: Type.Object(
          { agent: Type.String({ minLength: 1, maxLength: 40, description: 'Who does it: a caller’s call is ended by a named person only' }) },
          { additionalProperties: false },
        ),
        response: { ...problemAnswers(...commonProblems, 'party-not-found', 'party-not-joined', 'last-party', 'handover-too-late'), 200: PartyAnswer },
      },
    },
    async (request, reply) => {
      const { callId, party } = request.params
      return answerOnce(request, reply, keys, () => answerOf(calls.dropParty(callId, party, request.body.agent), calls, callId))
    },
  )
}
