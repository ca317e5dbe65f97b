import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { factVersion } from '../../domain/facts.ts'
import type { ExportFact } from '../../domain/service-facts.ts'
import { exportFormats, exportSubjects } from '../../ledger/export-order.ts'
import { Time } from '../../tickets/record-schemas.ts'
import { sightOf } from '../../users/roles.ts'
import type { HttpDeps } from '../deps.ts'
import { askLedger } from '../ledger-answers.ts'
import type { NeedToKnow } from '../need-to-know.ts'
import { problemAnswers } from '../problem.ts'
import type { App } from '../server.ts'

const types = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl' } as const
/** Sent as a stream. */
const File = Type.Unsafe<unknown>({ type: 'string' })
/** Byte order mark: without it spreadsheets take UTF-8 for something else. */
const mark = '\uFEFF'

export function ledgerExportRoutes(app: App, { ledger, journal }: HttpDeps, needToKnow: NeedToKnow): void {
  app.get(
    '/v1/ledger/export',
    {
      // A HEAD would be an export that nobody took.
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportLedger',
        summary: 'Hand-overs, calls or events as one file',
        description: 'Streamed as Postgres makes it. CSV (RFC 4180) with a first line of names, UTF-8 with a mark so that spreadsheets read it; or JSON lines. Every export is a fact: who, what.',
        tags: ['ledger'],
        querystring: Type.Object(
          { subject: Type.Enum(exportSubjects), format: Type.Enum(exportFormats), from: Type.Optional(Time('Begun then or later')), to: Type.Optional(Time('Begun before')) },
          { additionalProperties: false },
        ),
        response: {
          ...problemAnswers('ledger-not-configured', 'ledger-away'),
          200: { description: 'The file', content: { 'text/csv': { schema: File }, 'application/jsonl': { schema: File } } },
        },
      },
    },
    async (request, reply) =>
      askLedger(ledger, reply, async (known) => {
        const { subject, format, from, to } = request.query
        const rows = await known.export({ subject, format, withheld: needToKnow.withheldFrom(request.who), masked: !request.who || sightOf(request.who) !== 'all', ...(from ? { from: new Date(from) } : {}), ...(to ? { to: new Date(to) } : {}) })
        const fact: ExportFact = { type: 'ledger-exported', version: factVersion, at: new Date().toISOString(), by: request.user, subject, format, ...(from ? { from } : {}), ...(to ? { to } : {}) }
        await journal.append([fact])
        return reply
          .header('content-type', types[format])
          .header('content-disposition', `attachment; filename="${subject}.${format}"`)
          .send(format === 'csv' ? Readable.from(marked(rows)) : rows)
      }),
  )
}

async function* marked(rows: Readable): AsyncGenerator<Buffer | string> {
  yield mark
  yield* rows as AsyncIterable<Buffer>
}
