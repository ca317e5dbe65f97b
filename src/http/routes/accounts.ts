import { Type } from 'typebox'
import { permissions, roles } from '../../users/roles.ts'
import { Time } from '../../tickets/record-schemas.ts'
import { refused } from '../auth.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'

const tags = ['accounts']
export const AccountName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,39}$', description: 'Its name in every record' })
const Role = Type.Enum(roles)
export const Password = Type.String({ minLength: 10, maxLength: 200, description: 'Ten characters or more' })
const Platform = Type.Optional(PlatformSchema)
const UserFields = { name: AccountName, role: Role, platform: Platform, agent: Type.Optional(Type.String({ description: 'Of an agent: the own seat' })) }
const KeyFields = {
  name: AccountName,
  role: Role,
  platform: Platform,
  scopes: Type.Optional(Type.Array(Type.Enum(permissions), { description: 'Instead of the role’s own permissions' })),
}
const changing = ['malformed-body', 'body-too-large', 'unsupported-media-type'] as const

/** Users and keys, for administrators. */
export function accountRoutes(app: App, { accounts, calls }: HttpDeps): void {
  app.get(
    '/v1/users',
    {
      schema: {
        operationId: 'listUsers',
        summary: 'Users and their roles',
        tags,
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Object(UserFields)) }, { description: 'All of them' }) },
      },
    },
    async () => ({ items: [...accounts.users()] }),
  )

  app.put(
    '/v1/users/:user',
    {
      schema: {
        operationId: 'putUser',
        summary: 'Make a user, or change one',
        description: 'A new password ends the sessions of that user. It is a fact, without the password.',
        tags,
        params: Type.Object({ user: AccountName }),
        querystring: NoQuery,
        body: Type.Object({ role: Role, platform: Platform, agent: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })), password: Type.Optional(Password) }, { additionalProperties: false }),
        response: { ...problemAnswers('destination-not-found', ...changing), 200: Type.Object(UserFields, { description: 'The user as it now is' }) },
      },
    },
    async (request, reply) => {
      const { role, agent, platform, password } = request.body
      const user = { name: request.params.user, role, ...(agent === undefined ? {} : { agent }), ...(platform ? { platform } : {}) }
      if (agent !== undefined && !calls.agents.list().some(({ id }) => id === agent)) return sendProblem(reply, problem('destination-not-found'))
      if (!(await accounts.putUser({ ...user, ...(password === undefined ? {} : { password }) }, request.user))) {
        return sendProblem(reply, problem('invalid-request', { errors: [{ path: '/body/password', reason: 'a new user needs one' }] }))
      }
      return user
    },
  )

  app.delete(
    '/v1/users/:user',
    {
      schema: {
        operationId: 'removeUser',
        summary: 'Remove a user, and end its sessions',
        tags,
        params: Type.Object({ user: AccountName }),
        querystring: NoQuery,
        response: { ...problemAnswers('account-not-found'), 204: Type.Null({ description: 'Gone' }) },
      },
    },
    async (request, reply) => {
      const { user } = request.params
      if (request.who?.kind === 'user' && request.user === user) return refused(reply, 'nobody removes himself: another administrator does it')
      return (await accounts.removeUser(user, request.user)) ? reply.code(204).send(null) : sendProblem(reply, problem('account-not-found'))
    },
  )

  app.get(
    '/v1/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'API keys that were made here; those of the configuration are not among them',
        tags,
        querystring: NoQuery,
        response: { ...problemAnswers(), 200: Type.Object({ items: Type.Array(Type.Object({ ...KeyFields, expiresAt: Type.Optional(Time('When it ends')) })) }, { description: 'All of them, without the keys themselves' }) },
      },
    },
    async () => ({ items: accounts.keys().map(({ expiresAt, scopes, ...key }) => ({ ...key, ...(scopes ? { scopes: [...scopes] } : {}), ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }) })) }),
  )

  app.post(
    '/v1/keys',
    {
      schema: {
        operationId: 'createKey',
        summary: 'Make an API key',
        description: 'It is told this once: only its SHA-256 is kept.',
        tags,
        querystring: NoQuery,
        body: Type.Object({ ...KeyFields, expiresAt: Type.Optional(Time('When it ends')) }, { additionalProperties: false }),
        response: { ...problemAnswers('account-exists', ...changing), 201: Type.Object({ name: Type.String(), key: Type.String({ description: 'The key itself' }) }, { description: 'Made' }) },
      },
    },
    async (request, reply) => {
      const { expiresAt, ...wanted } = request.body
      const key = await accounts.addKey({ ...wanted, ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }) }, request.user)
      return key === undefined ? sendProblem(reply, problem('account-exists')) : reply.code(201).send({ name: wanted.name, key })
    },
  )

  app.delete(
    '/v1/keys/:key',
    {
      schema: {
        operationId: 'removeKey',
        summary: 'Revoke an API key',
        tags,
        params: Type.Object({ key: AccountName }),
        querystring: NoQuery,
        response: { ...problemAnswers('account-not-found'), 204: Type.Null({ description: 'Gone' }) },
      },
    },
    async (request, reply) => ((await accounts.removeKey(request.params.key, request.user)) ? reply.code(204).send(null) : sendProblem(reply, problem('account-not-found'))),
  )
}
