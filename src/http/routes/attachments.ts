import { basename, dirname } from 'node:path'
import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { AttachmentError } from '../../attachments/attachments.ts'
import type { Ticket, TicketAttachment } from '../../domain/ticket/ticket.ts'
import { isGoodLink } from '../../recordings/links.ts'
import { sendAnswer } from '../command-answers.ts'
import type { HttpDeps } from '../deps.ts'
import { problem, problemAnswers, sendProblem } from '../problem.ts'
import { LinkQuery, NoQuery, PlatformSchema } from '../schemas.ts'
import type { App } from '../server.ts'
import { answered, notDone, TicketAnswer, whoseCommand } from '../ticket-answers.ts'

const tags = ['tickets']
const TicketParams = Type.Object({ ticketId: Type.String() })
/** RFC 9110 §8.3.1, without parameters. */
const mediaType = /^[a-z0-9!#$&^_.+-]{1,60}\/[a-z0-9!#$&^_.+-]{1,60}$/u
const unknownType = 'application/octet-stream'
const file = { 200: { description: 'The file', content: { [unknownType]: { schema: Type.String({ format: 'binary' }) } } } }

/** Files that are given with tickets (附件). */
export async function attachmentRoutes(app: App, { tickets, attachments, linkKey }: HttpDeps): Promise<void> {
  await app.register(async (raw: App) => {
    // The bytes are the file, whatever they say to be.
    raw.removeAllContentTypeParsers()
    raw.addContentTypeParser('*', (_request, body, done) => done(null, body))
    raw.post(
      '/v1/tickets/:ticketId/attachments',
      {
        schema: {
          operationId: 'attachToTicket',
          summary: 'Give a file with a ticket (附件)',
          description: 'The body is the file, of any media type; it has to arrive within ten seconds, and be no larger than `attachments.mostMiB`. Ticket systems of both platforms are told a link to it, which expires (`recording.linkHours`). The same file of the same name again changes nothing. Twenty at most.',
          tags,
          params: TicketParams,
          querystring: Type.Object(
            { name: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\x00-\\x1f\\x7f/\\\\]+$', description: 'Of the file, for people' }), platform: Type.Optional(PlatformSchema) },
            { additionalProperties: false },
          ),
          response: { ...problemAnswers('ticket-not-found', 'ticket-settled', 'too-many-attachments', 'attachment-empty', 'body-too-large', 'not-durable'), 201: TicketAnswer },
        },
      },
      async (request, reply) => {
        const platform = whoseCommand(request, reply, request.query.platform, 'platform')
        if (typeof platform !== 'string') return platform
        const { ticketId } = request.params
        if (!(await tickets.find(ticketId))) return sendProblem(reply, problem('ticket-not-found'))
        const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
        const [by, at] = [request.who?.agent ?? request.user, new Date().toISOString()]
        try {
          const kept = await attachments.keep(request.body as Readable)
          const attachment: TicketAttachment = { ...kept, name: request.query.name, type: mediaType.test(type) ? type : unknownType, by, platform, at }
          const done = await tickets.carryOut(ticketId, { do: 'attach', platform, by, at, attachment }, at)
          if ('kind' in done || !done.changed) await attachments.remove(kept.id)
          return sendAnswer(reply, 'kind' in done ? notDone(done) : await answered(done, 201))
        } catch (error) {
          if (error instanceof AttachmentError) return sendProblem(reply, problem(error.code))
          // The disk is full, or is not ours; the log says which.
          if (error instanceof Error && 'syscall' in error) {
            request.log.error({ err: error }, 'an attachment could not be written')
            return sendProblem(reply, problem('not-durable'))
          }
          throw error
        }
      },
    )
  })

  const send = async (reply: FastifyReply, known: Pick<TicketAttachment, 'name' | 'type'> | undefined, id: string): Promise<FastifyReply> => {
    const path = known && (await attachments.fileOf(id))
    if (!known || path === undefined) return sendProblem(reply, problem('attachment-not-found'))
    // Never shown as a page of ours: anybody may have made it.
    reply.headers({ 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(known.name)}`, 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" })
    return reply.type(known.type).sendFile(basename(path), dirname(path), { contentType: false })
  }

  app.get(
    '/v1/tickets/:ticketId/attachments/:attachmentId',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'fetchAttachment',
        summary: 'A file that was given with a ticket',
        tags,
        params: Type.Object({ ticketId: Type.String(), attachmentId: Type.String() }),
        querystring: NoQuery,
        response: { ...problemAnswers('ticket-not-found', 'attachment-not-found'), ...file },
      },
    },
    async ({ params: { ticketId, attachmentId } }, reply) => {
      const ticket = await tickets.find(ticketId)
      return ticket ? send(reply, named(ticket, attachmentId), attachmentId) : sendProblem(reply, problem('ticket-not-found'))
    },
  )

  app.get(
    '/v1/links/attachments/:attachmentId',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'followAttachmentLink',
        summary: 'A file that was given with a ticket, for whoever was sent the link to it',
        description: 'Needs no key: the link is signed, and holds for a while.',
        tags,
        security: [],
        params: Type.Object({ attachmentId: Type.String() }),
        querystring: LinkQuery,
        response: { ...problemAnswers('link-refused', 'attachment-not-found'), ...file },
      },
    },
    async ({ params: { attachmentId }, query }, reply) =>
      isGoodLink(linkKey, 'attachment', attachmentId, query, Date.now()) ? send(reply, { name: attachmentId, type: unknownType }, attachmentId) : sendProblem(reply, problem('link-refused')),
  )
}

const named = ({ attachments = [] }: Ticket, id: string): TicketAttachment | undefined => attachments.find((one) => one.id === id)
