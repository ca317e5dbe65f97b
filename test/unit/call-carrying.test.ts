import { expect, it } from 'vitest'
import { carriedOf } from '../../src/domain/call/carrying.ts'
import type { State } from '../../src/domain/call/state.ts'

const call = { id: 'call-1', dialled: '12345', carried: { position: 'geo:1,2', handover: 'ho-0' } }
const handover = { id: 'ho-1', from: '12345', mode: 'transfer', matter: { category: '社会治安类' }, intake: { latitude: 31.8, longitude: 121.6 } }
const state = { phase: 'inviting', call, handover } as unknown as State
const link = (id: string) => `https://tandem.example/${id}`

it('a leg for a hand-over tells of it; where the desk knows better than the network where the caller is, that', () => {
  expect(carriedOf(state, 'ho-1', link)).toEqual({ call: 'call-1', dialled: '12345', position: 'geo:31.8,121.6', handover: 'ho-1', from: '12345', mode: 'transfer', category: '社会治安类', link: 'https://tandem.example/ho-1' })
})

it('another leg tells of the call alone, and passes the position on that the call came with', () => {
  expect(carriedOf(state, undefined, link)).toEqual({ call: 'call-1', dialled: '12345', position: 'geo:1,2' })
})

it('without an address of Tandem there is no link', () => {
  expect(carriedOf(state, 'ho-1', () => undefined)).not.toHaveProperty('link')
})
