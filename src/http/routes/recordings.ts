import { basename, dirname } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type RecordingRecord, runsStill } from '../../domain/recording.ts'
import { isGoodLink } from '../../recordings/links.ts'
import { answerOf, answerOnce, CallAnswer, keyedProblems, KeyHeader } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import type { IdempotencyKeys } from '../idempotency.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { NoQuery } from '../schemas.ts'
import type { App } from '../server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose file is about to be sent. */
    fetches?: RecordingRecord
  }
}

const tags = ['recordings']
const CallParams = Type.Object({ callId: Type.String() })

export async function recordingRoutes(app: App, { calls, journal, recordings, linkKey }: HttpDeps, keys: IdempotencyKeys, needToKnow: NeedToKnow): Promise<void> {
  await app.register(fastifyStatic, { serve: false, cacheControl: false })

  app.patch(
    '/v1/calls/:callId/recording',
    {
      schema: {
        operationId: 'changeRecording',
        summary: 'Pause or resume the recording of a call: for what must not be kept',
        description: 'Paused, silence is recorded, so that the place in the file stays the time since its start. A consultation’s recording is paused with it.',
        tags,
        headers: KeyHeader,
        params: CallParams,
        querystring: NoQuery,
        body: Type.Object(
          { paused: Type.Boolean(), agent: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'Who does it; the API key’s name when left out' })) },
          { additionalProperties: false },
        ),
        response: { ...problemAnswers(...keyedProblems, 'call-not-found', 'call-not-answered', 'call-ended', 'call-not-recorded', 'asterisk-away'), 200: CallAnswer },
      },
    },
    async (request, reply) => {
      const { callId } = request.params
      const { paused, agent } = request.body
      return answerOnce(request, reply, keys, () => answerOf(calls.recordings.pause(callId, paused, agent ?? request.user), calls, callId))
    },
  )

  app.get(
    '/v1/calls/:callId/recordings',
    {
      schema: {
        operationId: 'listRecordings',
        summary: 'The recordings of a call',
        description: 'Needs the permission `recordings`.',
        tags,
        params: CallParams,
        querystring: NoQuery,
        response: {
          ...problemAnswers('call-not-found'),
          200: Type.Object({ items: Type.Array(Type.Ref('Recording')) }, { description: 'The call’s own first, then its consultations’' }),
        },
      },
    },
    async (request, reply) => {
      const { callId } = request.params
      const items = await journal.recordingsOfCall(callId)
      if (items.length === 0 && !calls.get(callId)) return sendProblem(reply, problem('call-not-found'))
      return { items: [...items] }
    },
  )

  const files = {
    200: { description: 'The file', content: { 'audio/wav': { schema: Type.String({ format: 'binary' }) } } },
    206: { description: 'The part that was asked for', content: { 'audio/wav': { schema: Type.String({ format: 'binary' }) } } },
  }
  /** Before the first byte, and only where there will be one. */
  const noted = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.fetches && (reply.statusCode === 200 || reply.statusCode === 206)) await recordings.fetched(request.fetches, request.user === '' ? 'link' : request.user, request.headers.range)
  }
  const send = async (request: FastifyRequest, reply: FastifyReply, recordingId: string): Promise<FastifyReply> => {
    const recording = await journal.recording(recordingId)
    // A link is nobody's: whoever has it may not know of what was marked since.
    if (recording && needToKnow.hides(request.who, recording.callId)) return sendProblem(reply, problem('recording-not-found'))
    if (recording && runsStill(recording)) return sendProblem(reply, problem('recording-not-finished'))
    const file = await recordings.fileOf(recordingId)
    if (recording?.sha256 === undefined || file === undefined) return sendProblem(reply, problem('recording-not-found'))
    request.fetches = recording
    return reply.type('audio/wav').sendFile(basename(file), dirname(file))
  }

  app.get(
    '/v1/recordings/:recordingId/file',
    {
      // A HEAD would be recorded as a fetch that nobody made.
      exposeHeadRoute: false,
      schema: {
        operationId: 'fetchRecording',
        summary: 'The file of a recording: WAV, 16-bit PCM, 8 kHz, mono',
        description: 'Needs the permission `recordings`. With `Range` (RFC 9110 §14) a part of it, so that a player can seek. Every fetch is a fact: who, which, which part.',
        tags,
        params: Type.Object({ recordingId: Type.String() }),
        querystring: NoQuery,
        response: { ...problemAnswers('recording-not-found', 'recording-not-finished', 'range-not-satisfiable'), ...files },
      },
      onSend: noted,
    },
    async (request, reply) => send(request, reply, request.params.recordingId),
  )

  app.get(
    '/v1/links/recordings/:recordingId',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'followRecordingLink',
        summary: 'The file of a recording, for whoever was sent the link to it',
        description: 'Needs no key: the link is signed, and holds for a while. As `fetchRecording`; `by` of the fact is `link`.',
        tags,
        security: [],
        params: Type.Object({ recordingId: Type.String() }),
        querystring: Type.Object({ until: Type.String({ pattern: '^[0-9]{1,12}$', description: 'Until when it holds; Unix seconds' }), signature: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
        response: { ...problemAnswers('link-refused', 'recording-not-found', 'recording-not-finished', 'range-not-satisfiable'), ...files },
      },
      onSend: noted,
    },
    async (request, reply) => {
      const { recordingId } = request.params
      return isGoodLink(linkKey, 'recording', recordingId, request.query, Date.now()) ? send(request, reply, recordingId) : sendProblem(reply, problem('link-refused'))
    },
  )
}
