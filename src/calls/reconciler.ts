import type { Logger } from 'pino'
import type { Adoption, Arrival, Repair } from '../domain/call/events.ts'
import { failedHandover, lostWithPbx } from '../domain/call/lost.ts'
import { resumption } from '../domain/call/resumption.ts'
import { after, type CallSnapshot, fromText, knowsHandover } from '../domain/call/snapshot.ts'
import { answeredLegsOf, type State } from '../domain/call/state.ts'
import { factVersion, isHandoverFact } from '../domain/facts.ts'
import type { ClearedFact } from '../domain/service-facts.ts'
import type { Handover } from '../domain/handover/handover.ts'
import { type Instant, iso } from '../domain/instant.ts'
import type { Journal, OpenCall } from '../journal/journal.ts'
import type { CallBook } from './call-book.ts'
import type { CallControl } from './call-control.ts'
import type { CallRunner } from './call-runner.ts'
import { allLegsOf, callerOf, compare, type Finding, type Observed, type ObservedRoom, seenOf } from './comparison.ts'

export interface ReconcilerDeps {
  readonly control: CallControl
  readonly journal: Journal
  readonly book: CallBook
  readonly logger: Logger
  readonly now: () => Instant
  /** Runs a call that another process had. */
  readonly restore: (snapshot: CallSnapshot) => CallRunner
  readonly arrived: (arrival: Omit<Arrival, 'id'>) => void
  /** A leg of a test call that is under way. */
  readonly isTest: (leg: string) => boolean
  readonly adopted: (adoption: Adoption) => void
}

/** After a comparison that failed though Asterisk is there, ms. */
const againMs = 500
/** How long the journal may take for an answer, ms. */
const journalMs = 1_000

/**
 * Brings what the calls know and what the PBX has together again: when control comes back, and now and then in peace. Lost
 * hang-ups are applied first, then lost answers; every repair is a fact.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps
  /** What the last look in peace found: what is gone at the next one was a change under way. */
  #suspected: ReadonlySet<string> = new Set()
  #busy: Promise<void> = Promise.resolve()
  #inControl = false
  readonly #firstInControl = Promise.withResolvers<void>()
  #coming = 0

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
  }

  /** Every call of the PBX is known, and as it should be. */
  get inControl(): boolean {
    return this.#inControl && this.#deps.control.up
  }

  get firstInControl(): Promise<void> {
    return this.#firstInControl.promise
  }

  /** Control is back: at the start, or after a gap in the events. */
  async comeBack(): Promise<void> {
    this.#inControl = false
    this.#coming += 1
    const done = await this.#oneAtATime(() => this.#comeBack())
    this.#coming -= 1
    if (!this.#deps.control.up || this.#coming > 0) return
    this.#inControl = done
    if (done) this.#firstInControl.resolve()
    if (!done) setTimeout(() => void this.comeBack(), againMs).unref()
  }

  /** Repairs what was otherwise than known at the last look, and still is. */
  async look(): Promise<void> {
    if (this.inControl) await this.#oneAtATime(() => this.#look())
  }

  #oneAtATime(work: () => Promise<void>): Promise<boolean> {
    const done = this.#busy.then(work).then(
      () => true,
      (error: unknown) => {
        this.#deps.logger.warn({ err: error }, 'calls could not be compared with Asterisk')
        return false
      },
    )
    this.#busy = done.then(() => undefined)
    return done
  }

  async #comeBack(): Promise<void> {
    const { control, book } = this.#deps
    const before = this.#states()
    const open = await this.#asked(this.#deps.journal.openCalls(), 'which calls were open')
    const observed = await this.#observe()
    // Ids are in order of time: who came first waits first.
    const rooms = observed.rooms.toSorted((one, other) => (one.callId < other.callId ? -1 : 1))
    const settled = open && (await Promise.all(open.map((call) => this.#settled(call, rooms))))
    const restored = rooms.flatMap((room) => this.#restore(room, observed, settled) ?? [])
    if (observed.restarted) for (const { call } of before) if (!observed.channels.has(call.caller.channelId)) this.#lose(call.id)
    const known = [...before, ...restored]
    await this.#putRight(compare(known, this.#states(), observed), observed)
    for (const state of known) book.get(state.call.id)?.resume(seenOf(state.call, observed), state)
    control.sayAgain(observed.channels)
    // Last: it reads the journal, and no call waits for it.
    const unseen = open?.filter(({ last: { call } }) => !book.get(call.id) && !observed.rooms.some(({ callId }) => callId === call.id)) ?? []
    await Promise.all(unseen.map((call) => this.#endUnseen(call)))
  }

  /** @returns undefined when the journal cannot say, or not in time: no call waits for it */
  async #asked<T>(answer: Promise<T>, question: string): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${journalMs} ms`)), journalMs)
    })
    try {
      return await Promise.race([answer, late])
    } catch (error) {
      this.#deps.logger.error({ err: error }, `the journal cannot say ${question}`)
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  async #look(): Promise<void> {
    const before = this.#states()
    const observed = await this.#observe()
    const known = this.#states()
    const misplaced = known.filter((state) => before.includes(state) && resumption(state, seenOf(state.call, observed), true).misplaced.length > 0)
    const found = compare(before, known, observed)
    const suspected = new Set([...found.map(nameOf), ...misplaced.map(({ call }) => call.id)])
    await this.#putRight(found.filter((finding) => this.#suspected.has(nameOf(finding))), observed)
    for (const state of misplaced) if (this.#suspected.has(state.call.id)) this.#deps.book.get(state.call.id)?.resume(seenOf(state.call, observed), state)
    this.#deps.control.sayAgain(observed.channels)
    this.#suspected = suspected
  }

  #states(): readonly State[] {
    return this.#deps.book.live.map(({ state }) => state)
  }

  async #observe(): Promise<Observed> {
    const { control, book, isTest } = this.#deps
    const observed = await control.observe((callId) => book.get(callId) !== undefined)
    return { ...observed, legs: observed.legs.filter((leg) => !isTest(leg)) }
  }

  /** A call that cannot be taken over must not hinder the others. */
  #restore(room: ObservedRoom, observed: Observed, open: readonly OpenCall[] | undefined): State | undefined {
    try {
      return this.#takeOver(room, observed, open)
    } catch (error) {
      this.#deps.logger.error({ err: error, call: room.callId }, 'a call cannot be taken over')
      return undefined
    }
  }

  #takeOver({ callId, snapshot: text, members }: ObservedRoom, observed: Observed, open: readonly OpenCall[] | undefined): State | undefined {
    const { control, journal, logger } = this.#deps
    if (text === undefined) return undefined
    const snapshot = fromText(text)
    const openCall = open?.find(({ last: { call } }) => call.id === callId)
    const last = openCall?.last.sequence
    if (!snapshot) {
      logger.error({ call: callId, members }, 'a call cannot be taken over: its snapshot is not understood; who talks, talks on')
      if (openCall && members.length > 1) void this.#endUnseen(openCall, true)
      return undefined
    }
    // A journal that was lost knows nothing; one that was not has the end of what it does not call open.
    if (open && last === undefined && journal.epoch > 1 && snapshot.facts[0]?.sequence !== 1) return undefined
    const state = after(snapshot.state, openCall?.last)
    const caller = callerOf(state)
    const answered = new Set([...answeredLegsOf(state).map(({ id }) => id), ...(state.phase === 'calling' ? [] : [state.call.caller.channelId])])
    const taken = {
      ...(caller === undefined ? {} : { caller }),
      legs: allLegsOf(state).map((id) => ({ id, answered: answered.has(id) })),
      rooms: observed.rooms.filter((own) => own.callId === callId),
    }
    const runner = this.#deps.restore({ ...snapshot, state })
    control.takeOver(taken)
    void journal.append(snapshot.facts.filter(({ sequence }) => sequence > (last ?? 0)))
    runner.deliver({ type: 'repaired', repair: 'control-restored' })
    return runner.state
  }

  /** A call whose hand-over cannot be settled must not hinder the others. */
  async #settled(open: OpenCall, rooms: readonly ObservedRoom[]): Promise<OpenCall> {
    try {
      return await this.#settleForgotten(open, rooms)
    } catch (error) {
      this.#deps.logger.error({ err: error, call: open.last.call.id }, 'a hand-over that was begun cannot be settled')
      return open
    }
  }

  /** A hand-over whose press is in the journal, and which is not in the snapshot: its process died in between. Nobody goes on with it. */
  async #settleForgotten(open: OpenCall, rooms: readonly ObservedRoom[]): Promise<OpenCall> {
    const { journal, now, logger, book } = this.#deps
    const { last, handoverId } = open
    const text = rooms.find(({ callId }) => callId === last.call.id)?.snapshot
    const snapshot = text === undefined ? undefined : fromText(text)
    if (handoverId === undefined || !snapshot || book.get(last.call.id) || snapshot.state.call.sequence >= last.sequence || knowsHandover(snapshot.state, handoverId)) return open
    const failed = failedHandover(last, await this.#handoverOf(handoverId), now())
    if (!failed) return open
    logger.warn({ call: last.call.id, handover: handoverId }, 'a hand-over was lost with the process that began it')
    void journal.append([failed])
    return { ...open, last: failed }
  }

  /** As it was told last; what the journal cannot say stays as it is. */
  async #handoverOf(handoverId: string | undefined): Promise<Handover | undefined> {
    if (handoverId === undefined) return undefined
    const facts = await this.#asked(this.#deps.journal.factsOfHandover(handoverId), 'what became of a hand-over')
    return facts?.flatMap(({ fact }) => (isHandoverFact(fact) ? [fact.handover] : [])).at(-1)
  }

  /** A call of which the PBX knows nothing: it went with it while nobody was in charge. Or one whose parties talk on without us. */
  async #endUnseen({ last, handoverId }: OpenCall, talks = false): Promise<void> {
    const { journal, now, logger } = this.#deps
    const handover = await this.#handoverOf(handoverId)
    logger.warn({ call: last.call.id }, talks ? 'a call goes on without control' : 'a call was lost with Asterisk')
    void journal.append(lostWithPbx(last, handover, now(), talks))
  }

  #lose(callId: string): void {
    const runner = this.#deps.book.get(callId)
    if (!runner) return
    this.#repaired(callId, 'caller-left', 'caller')
    runner.deliver({ type: 'caller-left', lost: true })
  }

  #repaired(callId: string, repair: Repair, party: string): void {
    this.#deps.logger.warn({ call: callId, repair, party }, 'otherwise than known: put right')
    this.#deps.book.get(callId)?.deliver({ type: 'repaired', repair, party })
  }

  async #putRight(found: readonly Finding[], { rooms }: Observed): Promise<void> {
    const { control, arrived, adopted } = this.#deps
    for (const finding of found) {
      switch (finding.kind) {
        case 'caller-left':
        case 'caller-moved-on':
        case 'leg-ended':
        case 'leg-answered':
          this.#repaired(finding.callId, finding.kind, finding.kind.startsWith('caller') ? 'caller' : finding.id)
          control.tell(finding.kind, finding.id)
          break
        case 'arrival':
          control.takeOver({ caller: finding.id, legs: [], rooms: [] })
          arrived(finding.arrival)
          break
        case 'adoption':
          control.takeOver({ caller: finding.id, legs: [{ id: finding.adoption.desk.id, answered: true }], rooms: [] })
          adopted(finding.adoption)
          break
        case 'stray-leg':
        case 'empty-room':
      }
    }
    await this.#clear(found, rooms)
  }

  async #clear(found: readonly Finding[], rooms: readonly ObservedRoom[]): Promise<void> {
    const { control, journal, logger, now } = this.#deps
    const ids = (kind: Finding['kind']) => found.flatMap((finding) => (finding.kind === kind ? [finding.id] : []))
    const [strays, empty] = [ids('stray-leg'), rooms.filter((room) => ids('empty-room').includes(`${room.room} ${room.callId}`))]
    if (strays.length + empty.length === 0) return
    logger.warn({ channels: strays, bridges: empty.map(({ callId, room }) => `${room} of ${callId}`) }, 'of no call: removed')
    await control.clear(strays, empty)
    const cleared = (removed: ClearedFact['removed']) => (id: string): ClearedFact => ({ type: 'asterisk-cleared', version: factVersion, at: iso(now()), removed, id })
    void journal.append([...strays.map(cleared('channel')), ...empty.map(({ callId }) => callId).map(cleared('bridge'))])
  }
}

const nameOf = ({ kind, id }: Finding): string => `${kind} ${id}`
