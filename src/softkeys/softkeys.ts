import type { Logger } from 'pino'
import type { PhoneListener } from '../calls/call-control.ts'
import type { Calls } from '../calls/calls.ts'
import { type CommandResult, refusedBy } from '../calls/commands.ts'
import type { Config } from '../config/schema.ts'
import { type Deed, deedOf, type Key, litDeedOf, type Part } from '../domain/keys.ts'
import type { Journal } from '../journal/journal.ts'
import { codesOf, Digits } from './digits.ts'
import { LampTeller } from './lamp-teller.ts'
import { LastHandovers } from './last-handovers.ts'
import type { Shown } from './screen.ts'
import { SecondLines } from './second-lines.ts'

export interface SoftkeysParts {
  readonly config: Config
  readonly calls: Calls
  readonly journal: Pick<Journal, 'onAppended'>
  readonly logger: Logger
}

/** Keys of desk phones, whichever way they come: each ends in the commands that the HTTP interface has. */
export class Softkeys implements PhoneListener {
  readonly #calls: Calls
  readonly #logger: Logger
  readonly #digits: Digits
  readonly #lines: SecondLines
  readonly #last: LastHandovers
  readonly #lamps: LampTeller

  constructor({ config, calls, journal, logger }: SoftkeysParts) {
    this.#calls = calls
    this.#logger = logger
    this.#digits = new Digits(codesOf(config), config.keys.pauseMs)
    this.#lines = new SecondLines({ config, calls, journal, logger, press: (key, part, lit) => this.#press(key, part, lit) })
    this.#last = new LastHandovers(journal)
    // After it: it reads what that one has noted.
    this.#lamps = new LampTeller({ config, calls, journal, last: this.#last, logger })
    calls.phones = this
  }

  close(): void {
    this.#lines.close()
    this.#last.close()
    this.#lamps.close()
  }

  /** What there is to show at an agent's phone. */
  shown(agent: string): Shown {
    return { part: this.#calls.parts.ofAgent(agent), last: this.#last.of(agent)?.handover }
  }

  /** The key of an agent's phone, for the call that he is in; one of the call centre's own is adopted. */
  press(key: Key, agent: string): CommandResult | Promise<CommandResult> {
    const part = this.#calls.parts.ofAgent(agent)
    if (part) return this.#press(key, part)
    const deed = deedOf(key, { callId: '', agent, leg: '', phase: 'talking' })
    return deed.do === 'press' ? this.#calls.press({ agent, mode: deed.mode, ...(deed.consult ? { consult: true } : {}) }) : refusedBy('agent-not-in-call')
  }

  digitPressed(leg: string, digit: string): void {
    const key = this.#digits.pressed(leg, digit, performance.now())
    const part = key && this.#calls.parts.ofLeg(this.#lines.legOf(leg) ?? leg)
    if (part) this.#press(key, part)
  }

  referred(leg: string, to: Parameters<PhoneListener['referred']>[1]): void {
    this.#lines.referred(leg, to)
  }

  lineDialled(line: string, endpoint: string, extension: string): void {
    this.#lines.dialled(line, endpoint, extension)
  }

  lineHeld(line: string, held: boolean): void {
    this.#lines.held(line, held)
  }

  lineEnded(line: string): void {
    this.#digits.forget(line)
    this.#lines.ended(line)
  }

  legHeld(leg: string, held: boolean): boolean {
    return this.#lines.legHeld(leg, held)
  }

  legEnded(leg: string): void {
    this.#digits.forget(leg)
    this.#lines.legEnded(leg)
  }

  controlBack(): void {
    this.#lamps.controlBack()
  }

  /** @param lit its lamp is pressed with it */
  #press(key: Key, part: Part, lit = false): CommandResult {
    const deed = lit ? litDeedOf(key, part, Date.now()) : deedOf(key, part)
    const result = this.#carryOut(deed, part)
    const { reply } = result
    this.#logger.info({ key, call: part.callId, agent: part.agent, deed: deed.do, ...(reply.kind === 'handover' ? { handover: reply.handover.id } : reply.kind === 'refused' ? { refused: reply.code } : {}) }, 'key pressed')
    return result
  }

  #carryOut(deed: Deed, { callId, agent }: Part): CommandResult {
    const calls = this.#calls
    switch (deed.do) {
      case 'press':
        return calls.pressIn(callId, { agent, mode: deed.mode, ...(deed.consult ? { consult: true } : {}) })
      case 'change':
        return calls.change(deed.handover, { mode: deed.mode, consult: deed.consult }) ?? refusedBy('call-not-found')
      case 'confirm':
        return calls.confirm(deed.handover) ?? refusedBy('call-not-found')
      case 'cancel':
        return calls.cancel(deed.handover) ?? refusedBy('call-not-found')
      case 'refuse':
        return { reply: { kind: 'refused', code: deed.code }, committed: Promise.resolve({ durable: true }) }
    }
  }
}
