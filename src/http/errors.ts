import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { type ProblemBody, type ProblemCode, problem, problems, sendProblem } from './problem.ts'

const byFastifyCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_BAD_URL: 'not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-body',
}
/** Places named in one answer: a body may hold thousands of unknown fields. */
const mostPlaces = 20

/** Turns whatever goes wrong in a request into a problem; nothing of ours shows in an unexpected one. */
export function handleErrors(app: FastifyInstance): void {
  app.setNotFoundHandler(async (_request, reply) => sendProblem(reply, problem('not-found')))
  app.setErrorHandler<FastifyError>(answerError)
}

/** The answer to an error; also for those that come before any route is found (Fastify's `frameworkErrors`). */
export async function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (error.validation) return sendProblem(reply, problem('invalid-request', { errors: placesOf(error.validation, error.validationContext) }))
  const code = byFastifyCode[error.code] ?? (error instanceof SyntaxError ? 'malformed-body' : undefined)
  if (code) return sendProblem(reply, problem(code))
  if (error.statusCode === problems['range-not-satisfiable'].status) return sendProblem(reply, problem('range-not-satisfiable'))
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return sendProblem(reply, problem('invalid-request', { detail: error.message }))
  }
  request.log.error({ err: error }, 'request failed')
  return sendProblem(reply, problem('internal-error'))
}

function placesOf(found: readonly FastifySchemaValidationError[], part = ''): Required<ProblemBody>['errors'] {
  // What fails in each branch of an `anyOf` is told by itself.
  const telling = found.filter(({ keyword }) => keyword !== 'anyOf')
  return telling.slice(0, mostPlaces).map(({ instancePath, params, message = 'invalid' }) => {
    const more = params as { additionalProperty?: string; missingProperty?: string; allowedValues?: readonly string[] }
    const name = more.additionalProperty ?? more.missingProperty
    const reason = more.additionalProperty === undefined ? message : 'unknown field'
    return {
      path: `/${part}${instancePath}${name === undefined ? '' : `/${name}`}`,
      reason: more.allowedValues ? `must be one of ${more.allowedValues.join(', ')}` : reason,
    }
  })
}
