import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { CallsFact, FileFact, RecordingFact } from '../../src/domain/facts.ts'

export interface ServerEvent {
  readonly id: number
  readonly event: string
  readonly data: Omit<CallsFact, 'version'> & Partial<Pick<RecordingFact & FileFact, 'recording' | 'range' | 'by'>>
}

/** A reader of Server-Sent Events (WHATWG HTML §9.2) that reads only when it is told to. */
export interface SseReader {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** What has been received so far. */
  readonly events: readonly ServerEvent[]
  /** Reads until `count` events have been received in all, or the stream has ended. */
  readTo(count: number): Promise<readonly ServerEvent[]>
  leave(): void
}

export async function openEvents(url: string, headers: Record<string, string>): Promise<SseReader> {
  const request = get(url, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const pieces = response.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterator<string>
  const events: ServerEvent[] = []
  let rest = ''
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    async readTo(count) {
      while (events.length < count) {
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        const piece = await pieces.next()
        if (piece.done) break
        const blocks = `${rest}${piece.value}`.split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) if (!block.startsWith(':')) events.push(parse(block))
      }
      return events
    },
    leave: () => void request.destroy(),
  }
}

function parse(block: string): ServerEvent {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]))
  return { id: Number(fields.get('id')), event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? '') as ServerEvent['data'] }
}
