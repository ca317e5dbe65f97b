import { setTimeout as pause } from 'node:timers/promises'
import type { CallSummary } from '../../src/domain/facts.ts'
import { recordingName } from '../../src/domain/recording.ts'
import type { Stack } from '../../src/lab/stack.ts'
import { openEvents, type ServerEvent } from '../support/sse-client.ts'
import { indexOf, kindOf, type Load, type Operator, pressAfterMs, type Shift } from './capacity-load.ts'

/** Tandem: keys are pressed by its HTTP interface, and its live events tell what has become of them. */
export function tandemOperator(stack: Stack): Operator {
  return { name: 'tandem', numberFor: () => '12345', begin: (load) => begin(stack, load) }
}

async function begin(stack: Stack, load: Load): Promise<Shift> {
  const reader = await openEvents(`${stack.api.address}/v1/events`, { authorization: `Bearer ${stack.api.key}` })
  const [answered, settled, troubles] = [new Set<number>(), new Set<number>(), [] as string[]]
  const ids = new Map<number, string>()

  const tried = async (what: string, request: () => Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await request()
    if (status >= 300) troubles.push(`${what}: ${status} ${JSON.stringify(body)}`)
  }
  const press = async (call: CallSummary, mode: string) => {
    await pause(pressAfterMs(load))
    await tried(`press in ${call.id}`, () => stack.api.post('/v1/handovers', { call: call.id, mode }))
  }
  /** The caller has left a three-way call, and the desks talk on: one of them leaves, and so the other. */
  const leave = (call: CallSummary) => {
    const desk = call.parties.find(({ role }) => role === 'peer' || role === 'desk')
    return desk && tried(`leaving ${call.id}`, () => stack.api.post(`/v1/calls/${call.id}/parties/${desk.id}/drop`, { agent: 'bench' }))
  }
  const take = async ({ event, data }: ServerEvent) => {
    // Recordings have facts of their own.
    if (!('call' in data)) return
    const { call } = data
    const index = indexOf(call.caller.number)
    if (index === undefined) return
    const kind = kindOf(index)
    if (event === 'call-answered' && !answered.has(index)) {
      answered.add(index)
      ids.set(index, call.id)
      if (kind !== 'answered') await press(call, kind)
    }
    if (event === (kind === 'conference' ? 'handover-joined' : 'handover-completed')) settled.add(index)
    if (event === 'call-caller-left' && kind === 'conference') await leave(call)
  }
  const read = async () => {
    for (let taken = 0; ; taken++) {
      // oxlint-disable-next-line no-await-in-loop -- one event after the other
      const event = (await reader.readTo(taken + 1))[taken]
      if (!event) return
      take(event).catch((error: unknown) => troubles.push(String(error)))
    }
  }
  // The stream is destroyed when the shift ends: no trouble.
  void read().catch(() => undefined)
  const recordingOf = (index: number) => {
    const id = ids.get(index)
    return id && `recording/${recordingName(id)}.wav`
  }
  return { answered, settled, troubles, recordingOf, end: () => Promise.resolve(reader.leave()) }
}
