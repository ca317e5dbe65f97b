import { type Fact, isOfCall, isRecordingFact, recordOfFact } from '../domain/facts.ts'
import type { Entry, Journal } from '../journal/journal.ts'
import { masked } from '../users/masking.ts'
import { mayHear, type Sight, sightOf, type Who } from '../users/roles.ts'

export interface EventStreamOptions {
  /** Position after which to begin; what comes from now on when left out. */
  readonly after?: number
  /** Only this call. */
  readonly call?: string
  readonly reader: Pick<Who, 'role' | 'platform'>
  /** Whether the reader may know of a record now; of all when left out. */
  readonly mayKnow?: (record: string) => boolean
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** A comment is sent after this silence, so that proxies keep the connection. */
  readonly keepAliveMs?: number
}

/** Entries read or held at a time: few, since the loop that runs calls turns them into text. */
const page = 100

/**
 * The journal as Server-Sent Events (WHATWG HTML §9.2): without gap or repetition, in order. Made as fast as it is read: a reader
 * who falls behind by more than a page is served from the journal, so that nothing of his waits in memory.
 * @throws SqlError when the journal cannot be read; the reader comes back with Last-Event-ID.
 */
export async function* eventStream(journal: Journal, options: EventStreamOptions): AsyncGenerator<string> {
  const { after, call, reader, mayKnow = () => true, signal, keepAliveMs = 15_000 } = options
  const sight = sightOf(reader)
  let recent: Entry[] = []
  let behind = after !== undefined
  /** What was sent last, or after what to begin; undefined until that is known. */
  let sent = after
  let wake: (() => void) | undefined
  const unsubscribe = journal.onAppended((entries) => {
    recent.push(...entries)
    if (recent.length > page) {
      sent ??= (recent[0]?.position ?? 1) - 1
      behind = true
      recent = []
    }
    wake?.()
  })
  const stop = (): void => wake?.()
  signal.addEventListener('abort', stop)
  const next = async (): Promise<readonly Entry[]> => {
    if (!behind) return recent.splice(0)
    // Before the read: what is appended meanwhile stays in `recent`, or sets it again.
    behind = false
    const entries = await journal.read(sent ?? 0, page)
    if (entries.length === page) behind = true
    // An id that this journal never gave out: nothing is known to come after it but what happens now.
    if (entries.length === 0 && sent === after) sent = undefined
    return entries
  }
  const somethingNew = async (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    wake = () => resolve(true)
    const timer = setTimeout(() => resolve(false), keepAliveMs)
    const woken = await promise
    clearTimeout(timer)
    return woken
  }
  try {
    // At once, so that the reader knows that he is heard.
    yield ':\n\n'
    while (!signal.aborted) {
      const entries = await next()
      const fresh = entries.filter(({ position }) => sent === undefined || position > sent)
      sent = fresh.at(-1)?.position ?? sent
      const text = fresh.filter(({ fact }) => mayHear(reader, fact) && mayKnow(recordOfFact(fact) ?? '') && (call === undefined || callOf(fact) === call)).map((entry) => toText(entry, sight)).join('')
      if (text !== '') yield text
      else if (!behind && recent.length === 0 && !signal.aborted && !(await somethingNew())) yield ':\n\n'
    }
  } finally {
    signal.removeEventListener('abort', stop)
    unsubscribe()
  }
}

const callOf = (fact: Fact): string | undefined => (isOfCall(fact) ? fact.call.id : isRecordingFact(fact) ? fact.recording.callId : fact.type === 'decision-recorded' ? fact.callId : undefined)

function toText({ position, fact }: Entry, sight: Sight): string {
  const { version: _, ...data } = masked(fact, sight)
  return `id: ${position}\nevent: ${fact.type}\ndata: ${JSON.stringify(data)}\n\n`
}
