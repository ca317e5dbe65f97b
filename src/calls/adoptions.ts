import type { Logger } from 'pino'
import { v7 as uuid } from 'uuid'
import type { Config } from '../config/schema.ts'
import { AdoptionRefused, type CallControl } from './call-control.ts'
import { type CommandResult, type PressCommand, refusedBy } from './commands.ts'

export interface AdoptionsDeps {
  readonly config: Config
  readonly control: CallControl
  readonly logger: Logger
  readonly calls: {
    readonly inControl: boolean
    readonly full: boolean
    press(command: PressCommand): CommandResult | Promise<CommandResult>
  }
  /** The parties of a call are where they should be. */
  readonly seated: (callId: string) => Promise<void> | undefined
}

type Adopted = { readonly call: string } | AdoptionRefused['code']

/** A talk that an agent has without Tandem is adopted when he presses a key, and the press carried out. */
export class Adoptions {
  readonly #deps: AdoptionsDeps
  /** By agent. */
  readonly #running = new Map<string, Promise<Adopted>>()

  constructor(deps: AdoptionsDeps) {
    this.#deps = deps
  }

  async press(command: PressCommand): Promise<CommandResult> {
    const { config, calls } = this.#deps
    const { agent } = command
    if (agent === undefined || config.adoption.contexts.length === 0 || !config.agents.some(({ id }) => id === agent)) return refusedBy('agent-not-in-call')
    if (!calls.inControl) return refusedBy('asterisk-away')
    if (calls.full) return refusedBy('adoption-failed')
    const adopted = await this.#adopted(agent)
    return typeof adopted === 'string' ? refusedBy(adopted) : calls.press({ ...command, callId: adopted.call })
  }

  /** Whoever presses meanwhile waits for the same one. */
  #adopted(agent: string): Promise<Adopted> {
    const running = this.#running.get(agent) ?? this.#adopt(agent).finally(() => this.#running.delete(agent))
    this.#running.set(agent, running)
    return running
  }

  async #adopt(agent: string): Promise<Adopted> {
    const callId = `call-${uuid()}`
    try {
      await this.#deps.control.adoptTalk(agent, callId)
      // They hear nobody until they are in the bridge: an INVITE must not come before that.
      await this.#deps.seated(callId)
      return { call: callId }
    } catch (error) {
      if (!(error instanceof AdoptionRefused)) throw error
      this.#deps.logger.warn({ err: error, agent, code: error.code }, 'a talk was not adopted')
      return error.code
    }
  }
}
