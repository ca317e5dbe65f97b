import { Type } from 'typebox'
import { agentStates } from '../../domain/facts.ts'
import { platforms } from '../../domain/handover/handover.ts'
import { Time } from '../../tickets/record-schemas.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

const fields = {
  id: Type.String(),
  platform: Type.Enum(platforms),
  name: Type.Optional(Type.String()),
  state: Type.Enum(agentStates, { description: '`available`: is rung; `paused`, `signed-out`: is not' }),
  since: Type.Optional(Time('Since when; left out for who has never said anything')),
}

/** Who takes calls. A call that rings or talks at a seat goes on, whatever its agent says. */
export function agentRoutes(app: App, { calls }: HttpDeps): void {
  app.get(
    '/v1/agents',
    {
      schema: {
        operationId: 'listAgents',
        summary: 'Agents and whether they take calls',
        tags: ['agents'],
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Object(fields)) }, { description: 'All configured agents' }) },
      },
    },
    async () => ({ items: [...calls.agents.list()] }),
  )

  app.put(
    '/v1/agents/:agent/state',
    {
      schema: {
        operationId: 'setAgentState',
        summary: 'Sign in, sign out, pause',
        description: 'Takes effect for the next call. Kept over a restart.',
        tags: ['agents'],
        params: Type.Object({ agent: Type.String() }),
        querystring: NoQuery,
        body: Type.Object({ state: Type.Enum(agentStates) }, { additionalProperties: false }),
        response: {
          ...problemAnswers('malformed-body', 'body-too-large', 'unsupported-media-type', 'destination-not-found'),
          200: Type.Object({ ...fields, durable: Type.Boolean({ description: 'It is on disk' }) }, { description: 'The agent as it now is' }),
        },
      },
    },
    async (request, reply) =>
      (await calls.agents.set(request.params.agent, request.body.state)) ?? sendProblem(reply, problem('destination-not-found')),
  )
}
