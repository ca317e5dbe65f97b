import { type Carried, positionAt } from '../edge/carried.ts'
import type { State } from './state.ts'

/**
 * What a leg tells whoever is rung, in another network: of the hand-over it is dialled for, where it is.
 * @param linkTo where a hand-over can be looked at
 */
export function carriedOf(state: State, handoverId: string | undefined, linkTo: (handoverId: string) => string | undefined): Carried {
  const { call } = state
  const { carried, id, dialled } = call
  const handover = 'handover' in state && state.handover.id === handoverId ? state.handover : undefined
  const link = handover && linkTo(handover.id)
  const position = positionAt(handover?.intake?.['latitude'], handover?.intake?.['longitude']) ?? carried?.position
  return {
    call: id,
    dialled,
    ...(position ? { position } : {}),
    ...(handover
      ? {
          handover: handover.id,
          from: handover.from,
          mode: handover.mode,
          ...(handover.danger ? { danger: true } : {}),
          ...(handover.matter?.category === undefined ? {} : { category: handover.matter.category }),
          ...(handover.matter?.item === undefined ? {} : { item: handover.matter.item }),
          ...(link === undefined ? {} : { link }),
        }
      : {}),
  }
}
