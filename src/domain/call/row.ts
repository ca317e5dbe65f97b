import type { Draft } from './draft.ts'
import type { Context, EventOf, EventType } from './events.ts'
import type { Phase, State } from './state.ts'

export type StateOf<P extends Phase> = Extract<State, { phase: P }>
export type Handler<P extends Phase, E extends EventType> = (state: StateOf<P>, event: EventOf<E>, context: Context) => Draft

/** One answer to every event: a phase without a complete row does not compile. */
export type Row<P extends Phase> = { readonly [E in EventType]: Handler<P, E> }
export type Table = { readonly [P in Phase]: Row<P> }
