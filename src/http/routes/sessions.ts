import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { permissions, roles, type Who } from '../../users/roles.ts'
import { refused, sessionCookie } from '../auth.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'
import { AccountName, Password } from './accounts.ts'

const tags = ['accounts']
const Mine = Type.Object(
  { name: Type.String(), role: Type.Enum(roles), agent: Type.Optional(Type.String()), permissions: Type.Array(Type.Enum(permissions)) },
  { description: 'Who you are, and what you may' },
)
const mine = ({ name, role, agent, permissions: may }: Who) => ({ name, role, ...(agent === undefined ? {} : { agent }), permissions: [...may] })
const changing = ['malformed-body', 'body-too-large', 'unsupported-media-type'] as const
const tokenOf = (request: FastifyRequest): string => request.cookies[sessionCookie] ?? ''

/** Signing in and out. */
export function sessionRoutes(app: App, { accounts, config }: HttpDeps): void {
  const cookie = { httpOnly: true, sameSite: 'strict', path: '/', secure: config.http.secure } as const

  app.post(
    '/v1/sessions',
    {
      schema: {
        operationId: 'signIn',
        summary: 'Sign in',
        description: 'The answer sets a cookie, for eight hours without a request and a day at most. After five failures in a row, of a name or from an address, the next try waits, ever longer.',
        tags,
        security: [],
        querystring: NoQuery,
        body: Type.Object({ name: AccountName, password: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
        response: { ...problemAnswers('sign-in-refused', 'too-many-attempts', ...changing), 201: Mine },
      },
    },
    async (request, reply) => {
      const { name, password } = request.body
      const result = await accounts.signIn(name, password, request.ip)
      if ('refused' in result) return sendProblem(reply, problem('sign-in-refused'))
      if ('waitMs' in result) return sendProblem(reply.header('retry-after', Math.ceil(result.waitMs / 1_000)), problem('too-many-attempts'))
      return reply.code(201).setCookie(sessionCookie, result.token, cookie).send(mine(result.who))
    },
  )

  app.get(
    '/v1/sessions/current',
    { schema: { operationId: 'whoAmI', summary: 'Who you are, and what you may', tags, querystring: NoQuery, response: { ...problemAnswers(), 200: Mine } } },
    async ({ who }, reply) => (who ? mine(who) : sendProblem(reply, problem('unauthorized'))),
  )

  app.delete(
    '/v1/sessions/current',
    { schema: { operationId: 'signOut', summary: 'Sign out', tags, querystring: NoQuery, response: { ...problemAnswers(), 204: Type.Null({ description: 'Signed out' }) } } },
    async (request, reply) => {
      await accounts.signOut(tokenOf(request))
      return reply.code(204).clearCookie(sessionCookie, cookie).send(null)
    },
  )

  app.put(
    '/v1/sessions/current/password',
    {
      schema: {
        operationId: 'changePassword',
        summary: 'Change your own password',
        description: 'Ends all your sessions.',
        tags,
        querystring: NoQuery,
        body: Type.Object({ old: Type.String({ minLength: 1, maxLength: 200 }), password: Password }, { additionalProperties: false }),
        response: { ...problemAnswers('sign-in-refused', 'too-many-attempts', ...changing), 204: Type.Null({ description: 'Changed' }) },
      },
    },
    async (request, reply) => {
      const { old, password } = request.body
      const { who } = request
      if (who?.kind !== 'user') return refused(reply, 'a key has no password')
      const result = await accounts.signIn(who.name, old, request.ip)
      if ('refused' in result) return sendProblem(reply, problem('sign-in-refused'))
      if ('waitMs' in result) return sendProblem(reply.header('retry-after', Math.ceil(result.waitMs / 1_000)), problem('too-many-attempts'))
      await accounts.putUser({ name: who.name, role: who.role, ...(who.agent === undefined ? {} : { agent: who.agent }), ...(who.platform ? { platform: who.platform } : {}), password }, who.name)
      return reply.code(204).clearCookie(sessionCookie, cookie).send(null)
    },
  )
}
