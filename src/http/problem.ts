import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { CommandRefusal } from '../calls/commands.ts'
import type { TestCallRefusal } from '../calls/test-calls.ts'
import type { Refusal } from '../domain/call/actions.ts'
import type { TicketRefusal } from '../domain/ticket/ticket.ts'
import { webhookRefusals } from '../tickets/webhook-refusals.ts'
import type { InboxRefusal } from './inbox.ts'

interface Known {
  readonly status: number
  readonly title: string
}

/** Every problem the API can answer with; the code is stable (RFC 9457 `type` is made from it). */
export const problems = {
  'invalid-request': { status: 400, title: 'The request does not follow the schema' },
  'malformed-body': { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'A valid API key or session is needed' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'call-not-found': { status: 404, title: 'No such call' },
  'handover-not-found': { status: 404, title: 'No such hand-over' },
  'party-not-found': { status: 404, title: 'No such party in the call' },
  'destination-not-found': { status: 404, title: 'The configuration has no such agent or destination' },
  'delivery-not-found': { status: 404, title: 'No such delivery' },
  'endpoint-not-found': { status: 404, title: 'The configuration has no such ticket system' },
  'recording-not-found': { status: 404, title: 'No such recording, or it has been deleted' },
  'test-call-not-configured': { status: 404, title: 'The configuration has no test number of this platform' },
  'ledger-not-configured': { status: 404, title: 'The configuration has no ledger' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'sign-in-refused': { status: 401, title: 'No such user, or another password' },
  'headers-missing': webhookRefusals['headers-missing'],
  'signature-malformed': webhookRefusals['signature-malformed'],
  'timestamp-malformed': webhookRefusals['timestamp-malformed'],
  'timestamp-too-old': webhookRefusals['timestamp-too-old'],
  'timestamp-too-new': webhookRefusals['timestamp-too-new'],
  'signature-mismatch': webhookRefusals['signature-mismatch'],
  'invalid-message': { status: 422, title: 'The message lacks something, or says what cannot be; `errors` says where' },
  'link-refused': { status: 403, title: 'The link has expired, or was changed' },
  'message-replayed': { status: 409, title: 'This message was taken already' },
  'not-durable': { status: 503, title: 'It could not be written to disk; send it again' },
  forbidden: { status: 403, title: 'Your role or key may not do this' },
  'account-not-found': { status: 404, title: 'No such user or key' },
  'matter-not-found': { status: 404, title: 'The catalogue has no such matter' },
  'knowledge-not-found': { status: 404, title: 'There is no such knowledge entry' },
  'version-not-found': { status: 404, title: 'The catalogue never had this version' },
  'catalogue-stale': { status: 409, title: 'The catalogue has a newer version than the one that was changed' },
  'account-exists': { status: 409, title: 'A key of this name is there already' },
  'too-many-attempts': { status: 429, title: 'Too many failures to sign in; wait' },
  'not-your-call': { status: 403, title: 'Another agent has this call' },
  'agent-not-in-call': { status: 409, title: 'The agent has no call now' },
  'adoption-not-allowed': { status: 409, title: 'The agent’s call is in a context whose calls are not adopted' },
  'adoption-failed': { status: 409, title: 'The agent’s call could not be adopted; it goes on as it was' },
  'call-not-answered': { status: 409, title: 'No desk talks with the caller yet' },
  'call-ended': { status: 409, title: 'The call has ended' },
  'reason-missing': { status: 409, title: 'The policy says otherwise; say in `reason` why it is done' },
  'learning-off': { status: 409, title: 'The configuration has learning from choices switched off' },
  'caller-not-marked': { status: 404, title: 'This number is not marked' },
  'record-not-found': { status: 404, title: 'No such call, hand-over or ticket' },
  'marking-not-yours': { status: 403, title: 'It is another platform’s record, or was marked by another platform' },
  'ticket-not-found': { status: 404, title: 'No such ticket' },
  'ticket-not-yours': { status: 403, title: 'The other platform does this' },
  'ticket-accepted': { status: 409, title: 'The receiver has accepted it already' },
  'ticket-returned': { status: 409, title: 'It was returned; the sender sends it again' },
  'ticket-not-returned': { status: 409, title: 'It was not returned' },
  'ticket-not-resolved': { status: 409, title: 'The receiver has not reported it as resolved' },
  'ticket-settled': { status: 409, title: 'The ticket is settled: closed, withdrawn, or settled in a three-way call' },
  'too-many-attachments': { status: 409, title: 'The ticket has as many files as it may have' },
  'attachment-not-found': { status: 404, title: 'The ticket has no such file, or no more' },
  'attachment-empty': { status: 422, title: 'The file is empty' },
  'intake-incomplete': { status: 422, title: 'The receiver’s form is not filled in as it wants it; `errors` names every field' },
  'same-desk': { status: 409, title: 'The call is at this desk already' },
  'handover-too-late': { status: 409, title: 'The other desk has answered already, or is on its way to the caller' },
  'handover-settled': { status: 409, title: 'The hand-over has been settled already' },
  'handover-not-verified': { status: 409, title: 'This hand-over awaits no confirmation' },
  'not-a-conference': { status: 409, title: 'There is no three-way call now' },
  'party-already-in': { status: 409, title: 'It is in the call already, or being rung' },
  'party-not-joined': { status: 409, title: 'The party has not answered yet' },
  'cannot-whisper': { status: 409, title: 'Only a further party that has joined can whisper, and only to a desk' },
  'delivery-pending': { status: 409, title: 'The delivery is still being tried' },
  'call-not-recorded': { status: 409, title: 'The call is not recorded' },
  'recording-not-finished': { status: 409, title: 'The recording has not ended, or its file is still being hashed' },
  'last-party': { status: 409, title: 'Nobody else talks with the caller' },
  'outbound-not-configured': { status: 409, title: 'The configuration has no trunk by which citizens are called' },
  'destination-busy': { status: 409, title: 'The agent has another call, or the trunk no free channel' },
  'range-not-satisfiable': { status: 416, title: 'The file has no such part' },
  'test-call-running': { status: 409, title: 'A test call to this platform is under way' },
  'idempotency-key-reused': { status: 422, title: 'The same Idempotency-Key came with another request' },
  'too-many-readers': { status: 503, title: 'Too many live event streams are open' },
  'asterisk-away': { status: 503, title: 'Asterisk cannot be reached; nothing was done' },
  'recommender-away': { status: 503, title: 'The recommender is being started, or is swamped; nothing was done' },
  'ledger-away': { status: 503, title: 'The ledger’s database does not answer; nothing was done' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, Known> & Record<Refusal | CommandRefusal | TicketRefusal | TestCallRefusal | InboxRefusal, Known>

export type ProblemCode = keyof typeof problems

export const problemType = 'application/problem+json'

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI of the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(problems) as ProblemCode[], { description: 'Stable name of the problem' }),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'Where in the request, as /body/mode' }),
          reason: Type.String(),
        }),
      ),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457 problem details' },
)
const ProblemRef = Type.Ref('Problem')

/** Any route may answer with these. */
const everywhere: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'invalid-request', 'internal-error']

/** A route's `response` schemas for these problems and those of every route, one for each status. */
export function problemAnswers(...codes: readonly ProblemCode[]) {
  const answers: Record<number, { description: string; content: Record<typeof problemType, { schema: typeof ProblemRef }> }> = {}
  for (const code of [...everywhere, ...codes]) {
    const { status, title } = problems[code]
    const others = answers[status] ? `${answers[status].description}; ` : ''
    answers[status] = { description: `${others}\`${code}\`: ${title}`, content: { [problemType]: { schema: ProblemRef } } }
  }
  return answers
}

export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly detail?: string
  readonly errors?: readonly { readonly path: string; readonly reason: string }[]
}

/** The body of a problem (RFC 9457 §3). */
export const problem = (code: ProblemCode, more: Pick<ProblemBody, 'detail' | 'errors'> = {}): ProblemBody => ({
  type: `urn:tandem:problem:${code}`,
  ...problems[code],
  code,
  ...more,
})

export async function sendProblem(reply: FastifyReply, body: ProblemBody): Promise<FastifyReply> {
  return reply.code(body.status).header('content-type', problemType).send(JSON.stringify(body))
}
