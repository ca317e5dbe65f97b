import type { CallBackPayload, HandoverPayload, TicketPayload } from '../tickets/payload-schema.ts'
import type { HeardRequest } from '../tickets/webhook-listener.ts'
import { webhookRefusals } from '../tickets/webhook-refusals.ts'

/** Ids remembered, so that a repeated one is noticed. */
const remembered = 10_000

/** Tells of webhooks as they come, and sums up in the end. */
export interface WebhookReport {
  /** A block of lines, or one line of JSON. */
  heard(request: HeardRequest): string
  summary(): string
}

export function webhookReport(json: boolean): WebhookReport {
  const counts = { requests: 0, verified: 0, duplicates: 0, refused: 0 }
  const timesById = new Map<string, number>()
  const timesOf = (id: string): number => {
    const times = (timesById.get(id) ?? 0) + 1
    timesById.delete(id)
    timesById.set(id, times)
    const [oldest] = timesById.keys()
    if (timesById.size > remembered && oldest !== undefined) timesById.delete(oldest)
    return times
  }
  return {
    heard(request) {
      const times = request.outcome.ok ? timesOf(request.id ?? '') : 0
      counts.requests += 1
      counts[request.outcome.ok ? 'verified' : 'refused'] += 1
      if (times > 1) counts.duplicates += 1
      return json ? `${JSON.stringify(objectOf(request, times))}\n` : `${linesOf(request, times).map(printable).join('\n')}\n\n`
    },
    summary() {
      if (json) return `${JSON.stringify({ kind: 'summary', ...counts })}\n`
      const { requests, verified, duplicates, refused } = counts
      return `${requests} ${requests === 1 ? 'request' : 'requests'}: ${verified} verified (${duplicates} repeated), ${refused} refused\n`
    },
  }
}

/** A body under the right secret may still be anybody's. */
type Payload = { readonly type?: unknown; readonly data?: Partial<HandoverPayload['data'] & CallBackPayload['data'] & TicketPayload['data']> | null } | null

function objectOf({ at, method, path, id, status, outcome }: HeardRequest, times: number): object {
  const request = { kind: 'request', at: new Date(at).toISOString(), method, path, id, status, verified: outcome.ok }
  if (!outcome.ok) return { ...request, code: outcome.code }
  const { type, data } = (outcome.payload ?? {}) as NonNullable<Payload>
  const { handover, call, ticket } = data ?? {}
  return { ...request, scheme: outcome.scheme, duplicate: times > 1, times, type, handover: handover?.id, subject: handover?.id ?? ticket?.id ?? call?.id, payload: outcome.payload }
}

function linesOf({ at, method, path, id, status, outcome }: HeardRequest, times: number): readonly string[] {
  const row = (name: string, value: unknown) => (value === undefined ? [] : [`  ${name.padEnd(12)}${shown(value)}`])
  const time = new Date(at).toISOString()
  if (!outcome.ok) {
    return [`${time}  REFUSED: ${outcome.code}`, ...row('request', `${method} ${path}`), ...row('webhook-id', id), ...row('answered', status), ...row('because', webhookRefusals[outcome.code].title)]
  }
  const { type, data } = (outcome.payload ?? {}) as NonNullable<Payload>
  const { handover, call, ticket, platform, sequence } = data ?? {}
  const told = handover ?? ticket
  const about = [told?.matter?.category, told?.matter?.item, handover?.reason ?? ticket?.intake['content']].filter((part) => part !== undefined).map(shown)
  return [
    `${time}  ${typeof type === 'string' ? type : 'no event type'}`,
    ...row('webhook-id', id),
    ...row('verified', outcome.scheme),
    ...(times > 1 ? row('duplicate', `time ${times} with this webhook-id: take it once`) : []),
    ...row('answered', status),
    ...row('hand-over', handover && `${shown(handover.id)}, ${shown(handover.from)} to ${shown(handover.to)}, ${shown(handover.state)}`),
    ...row('ticket', !handover && ticket && `${shown(ticket.id)}, ${shown(ticket.from)} to ${shown(ticket.to)}, ${shown(ticket.state)}`),
    ...row('call back', !ticket && platform && `by ${shown(platform)}`),
    ...row('call', call?.id),
    ...row('subject', about.length > 0 ? about.join(' / ') : undefined),
    ...row('sequence', sequence),
  ]
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** What others sent must not steer the terminal. */
const printable = (line: string): string => line.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}')
