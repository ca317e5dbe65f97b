/** What every call of the capacity benchmark is, whoever runs it. */

export const kinds = ['answered', 'transfer', 'conference'] as const
export type Kind = (typeof kinds)[number]

export interface Load {
  readonly calls: number
  /** New calls a second. */
  readonly rate: number
  /** From the answer until the caller hangs up. */
  readonly holdMs: number
}

/** When the key is pressed, after the answer. */
export const pressAfterMs = ({ holdMs }: Load): number => holdMs / 6
/** A third of each, mixed. */
export const kindOf = (index: number): Kind => kinds[index % kinds.length] ?? 'answered'
/** Callers are known by their numbers. */
export const callerOf = (index: number): string => `138${String(index).padStart(8, '0')}`
/** @returns undefined for a number that is no caller's of ours */
export const indexOf = (number: string): number | undefined => (/^138\d{8}$/.test(number) ? Number(number.slice(3)) : undefined)

export const indexesOf = ({ calls }: Load): readonly number[] => Array.from({ length: calls }, (_, index) => index)

/** Who talks once the key's end has been reached. */
export const talkersOf: Readonly<Record<Kind, readonly ('caller' | 'agent' | 'peer')[]>> = {
  answered: ['caller', 'agent'],
  transfer: ['caller', 'peer'],
  conference: ['caller', 'agent', 'peer'],
}

/** The legs that the load makes in all: a caller's and a seat's each, and one of 110 where the key is pressed. */
export const legsOf = (load: Load): number => indexesOf(load).reduce((sum, index) => sum + (kindOf(index) === 'answered' ? 2 : 3), 0)

/** Who answers the calls, and does what their keys ask for. */
export interface Operator {
  readonly name: 'dialplan' | 'tandem'
  /** The number that the call's citizen dials. */
  numberFor(index: number): string
  /** Takes the calls of a load; ask before they are made. */
  begin(load: Load): Promise<Shift>
}

/** One load in an operator's hands. */
export interface Shift {
  /** Calls that a desk has answered. */
  readonly answered: ReadonlySet<number>
  /** Calls in which the key's end is reached: the other desk has the caller, or all three talk. */
  readonly settled: ReadonlySet<number>
  /** The file that records the call as it is when its key's end has been reached, below Asterisk's spool directory. */
  recordingOf(index: number): string | undefined
  /** What went wrong, a line each. */
  readonly troubles: readonly string[]
  end(): Promise<void>
}
