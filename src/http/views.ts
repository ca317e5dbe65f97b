import type { FastifyInstance, FastifyRequest } from 'fastify'
import { maskNumber } from '../calls/mask.ts'
import { factVersion } from '../domain/facts.ts'
import type { ViewFact } from '../domain/service-facts.ts'
import type { Journal } from '../journal/journal.ts'
import type { NeedToKnow } from './need-to-know.ts'
import { neededBy } from './permissions.ts'

/** The same look of the same person is one fact within this time, ms: a desk asks each second how a hand-over stands. */
const onceMs = 600_000
/** Looks remembered. */
const most = 10_000

/** Who looked at what is kept of a citizen is a fact. It delays no answer. Other systems, which get it all by webhook, are not people who look. */
export function noteViews(app: FastifyInstance, journal: Pick<Journal, 'append'>, needToKnow: NeedToKnow): void {
  const seen = new Map<string, number>()
  app.addHook('onResponse', async (request, reply) => {
    const { who, method, routeOptions } = request
    if (!who || who.role === 'system' || reply.statusCode !== 200 || !neededBy(method, routeOptions.url ?? '')?.viewed) return
    const of = whatOf(request)
    const look = `${who.kind} ${who.name} ${routeOptions.url} ${of}`
    const now = performance.now()
    if (now - (seen.get(look) ?? -Infinity) < onceMs) return
    seen.delete(look)
    seen.set(look, now)
    if (seen.size > most) seen.delete(seen.keys().next().value ?? '')
    const record = request.record ?? (await recordAskedFor(request, needToKnow))
    const fact: ViewFact = { type: 'record-viewed', version: factVersion, at: new Date().toISOString(), by: who.name, role: who.role, route: `${method} ${routeOptions.url}`, of, ...(record === undefined ? {} : { record }) }
    void journal.append([fact])
  })
}

/** Of a list: the one record that was asked for. */
async function recordAskedFor({ query }: FastifyRequest, needToKnow: NeedToKnow): Promise<string | undefined> {
  const { call, handover, ticket } = query as { call?: string; handover?: string; ticket?: string }
  const record = call ?? handover ?? ticket
  // That somebody looked is told, whatever became of the journal.
  return record === undefined ? undefined : needToKnow.recordOf({ record }).catch(() => record)
}

function whatOf({ params, query }: FastifyRequest): string {
  const given = Object.entries({ ...(params as Record<string, string>), ...(query as Record<string, string>) })
  return given.map(([name, value]) => `${name}=${name === 'number' ? maskNumber(value, 'masked') : value}`).join(' ')
}
