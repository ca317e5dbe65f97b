import { it } from 'vitest'
import { expectInvariants } from '../support/call-interleavings.ts'

it('a call that is not recorded keeps every invariant under random interleavings, and comes to every cell of the table and every outcome on the way', () => expectInvariants(false), 300_000)
