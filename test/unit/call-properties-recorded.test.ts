import { it } from 'vitest'
import { expectInvariants } from '../support/call-interleavings.ts'

it('a call that is recorded keeps every invariant under random interleavings, and comes to every cell of the table and every outcome on the way', () => expectInvariants(true), 300_000)
