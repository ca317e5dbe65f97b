import type { FastifyError, FastifyInstance } from 'fastify'
import { type ProblemCode, problem, sendProblem } from './problem.ts'

const byFastifyCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-body',
}

/** Turns whatever goes wrong in a request into a problem; nothing of ours shows in an unexpected one. */
export function handleErrors(app: FastifyInstance): void {
  app.setNotFoundHandler(async (_request, reply) => sendProblem(reply, problem('not-found')))
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    if (error.validation) {
      const errors = error.validation.map(({ instancePath, params, message }) => {
        const more = params as { additionalProperty?: string; missingProperty?: string }
        const name = more.additionalProperty ?? more.missingProperty
        return {
          path: `/${error.validationContext ?? ''}${instancePath}${name === undefined ? '' : `/${name}`}`,
          reason: more.additionalProperty === undefined ? (message ?? 'invalid') : 'unknown field',
        }
      })
      return sendProblem(reply, problem('invalid-request', { errors }))
    }
    const code = byFastifyCode[error.code] ?? (error instanceof SyntaxError ? 'malformed-body' : undefined)
    if (code) return sendProblem(reply, problem(code))
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return sendProblem(reply, problem('invalid-request', { detail: error.message }))
    }
    request.log.error({ err: error }, 'request failed')
    return sendProblem(reply, problem('internal-error'))
  })
}
