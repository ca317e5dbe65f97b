import { describe, expect, it } from 'vitest'
import { adoptedLegOf, adoptionOf, pairOf, variablesOf } from '../../src/asterisk/adopted-leg.ts'
import type { AriBridge, AriChannel } from '../../src/asterisk/ari-events.ts'
import { ownTalksOf } from '../../src/asterisk/own-talk.ts'
import { rescues } from '../../src/asterisk/rescue.ts'

/** `id name context exten application`, the application's data behind it. */
function channel(text: string, data = ''): AriChannel {
  const [id = '', name = '', context = '', exten = '', app = ''] = text.split(' ')
  return { id, name, state: 'Up', caller: { number: '13800001234', name: '' }, protocol_id: `sip-${id}`, creationtime: '2026-11-24T16:00:00.000+0800', dialplan: { context, exten, app_name: app, app_data: data } }
}
const bridge = (id: string, ...channels: readonly string[]): AriBridge => ({ id, name: '', channels })

const caller = channel('c PJSIP/carrier-00000001 ext-queues 600 Queue')
const agent = channel('a PJSIP/1001-00000002 tandem-desk s AppQueue')
const names = (talks: ReturnType<typeof ownTalksOf>) => talks.map((talk) => [talk.caller.id, talk.agent.id])

describe('the talk that an agent has in the call centre’s own queue or dialplan', () => {
  it('is with whoever is in the same bridge', () => {
    expect(names(ownTalksOf('1001', [caller, agent], [bridge('b', 'a', 'c')], 'tandem'))).toEqual([['c', 'a']])
  })

  it('is found through pairs of Local channels', () => {
    const [first, second] = [channel('l1 Local/1001@from-queue-00000000;1 from-queue 1001 AppQueue'), channel('l2 Local/1001@from-queue-00000000;2 from-queue 1001 Dial')]
    const [third, fourth] = [channel('l3 Local/FM@follow-00000001;1 follow FM AppDial'), channel('l4 Local/FM@follow-00000001;2 follow FM Dial')]
    expect(names(ownTalksOf('1001', [caller, first, second, agent], [bridge('b', 'c', 'l1'), bridge('d', 'l2', 'a')], 'tandem'))).toEqual([['c', 'a']])
    const twice = [bridge('b', 'c', 'l1'), bridge('d', 'l2', 'l3'), bridge('e', 'l4', 'a')]
    expect(names(ownTalksOf('1001', [caller, first, second, third, fourth, agent], twice, 'tandem'))).toEqual([['c', 'a']])
  })

  it('is none: ringing, in a bridge of ours, in a conference, called by the agent, of another endpoint', () => {
    expect(ownTalksOf('1001', [caller, agent], [], 'tandem')).toEqual([])
    expect(ownTalksOf('1001', [caller, agent], [{ ...bridge('b', 'a', 'c'), name: 'tandem' }], 'tandem')).toEqual([])
    expect(ownTalksOf('1001', [caller, agent, channel('x PJSIP/x-00000003 x s Queue')], [bridge('b', 'a', 'c', 'x')], 'tandem')).toEqual([])
    const called = channel('c PJSIP/carrier-00000001 ext-queues 600 AppDial')
    expect(ownTalksOf('1001', [called, agent], [bridge('b', 'a', 'c')], 'tandem')).toEqual([])
    expect(ownTalksOf('1001', [caller, channel('a PJSIP/1001-home-00000002 x s AppDial')], [bridge('b', 'a', 'c')], 'tandem')).toEqual([])
    const loop = [channel('l1 Local/x@y-00000000;1 y x AppDial'), channel('l2 Local/x@y-00000000;2 y x Dial')]
    expect(ownTalksOf('1001', [agent, ...loop], [bridge('b', 'a', 'l1'), bridge('d', 'l2', 'l1')], 'tandem')).toEqual([])
  })

  it('may be one of two: both are told', () => {
    const other = [channel('c2 PJSIP/carrier-00000005 ext-queues 600 Queue'), channel('a2 PJSIP/1001-00000006 tandem-desk s AppQueue')]
    expect(names(ownTalksOf('1001', [caller, agent, ...other], [bridge('b', 'a', 'c'), bridge('d', 'a2', 'c2')], 'tandem'))).toEqual([['c', 'a'], ['c2', 'a2']])
  })
})

/** What `Stasis()` gets from the dialplan for these variables. */
const entered = (leg: AriChannel, role: string, values: Readonly<Record<string, string>> = {}, fromDid = '') =>
  adoptedLegOf(leg, ['adopted', role, ...(values['TANDEM_ADOPTION'] ?? '').split(','), values['TANDEM_DIALLED'] ?? '', fromDid])

describe('the legs of an adopted talk', () => {
  const of = { callId: 'call-1', platform: '12345', agent: '1001' } as const
  const [ofCaller, ofAgent] = variablesOf({ caller, agent }, of)

  it('carry into the application all that a call needs', () => {
    const [one, other] = [entered(caller, 'caller', ofCaller?.values), entered(agent, 'agent', ofAgent?.values)]
    const pair = one && other && pairOf(one, [other])
    expect(pair && adoptionOf(pair.caller, pair.agent.channel)).toEqual({
      id: 'call-1',
      platform: '12345',
      dialled: '600',
      arrivedAt: '2026-11-24T08:00:00.000Z',
      caller: { channelId: 'c', number: '13800001234', sipCallId: 'sip-c' },
      desk: { id: 'a', endpoint: '1001', sipCallId: 'sip-a' },
    })
  })

  it('know each other only by the call and the channel', () => {
    const [one, other] = [entered(caller, 'caller', ofCaller?.values), entered(agent, 'agent', ofAgent?.values)]
    expect(one && other && pairOf(one, [{ ...other, callId: 'call-2' }])).toBeUndefined()
    expect(one && other && pairOf(other, [one])).toMatchObject({ caller: one, agent: other })
  })

  it('tell the number that FreePBX keeps, and no text that could be anything else', () => {
    expect(entered(caller, 'caller', ofCaller?.values, '12345')?.dialled).toBe('12345')
    const odd = variablesOf({ caller: channel('c PJSIP/carrier-00000001 ext-queues 6,00 Queue'), agent }, of)[0]
    expect(odd?.values['TANDEM_DIALLED']).toBe('12345')
  })

  it('are none of ours with other arguments', () => {
    for (const args of [['inbound', '12345'], ['adopted'], ['adopted', 'somebody', 'call-1', '12345'], ['adopted', 'caller', 'call-1', '911']]) expect(adoptedLegOf(caller, args)).toBeUndefined()
  })

  it('are joined by the watchdog where the caller is alone', () => {
    const vars = { TANDEM_CALL_ID: 'call-1' }
    const alone = { ...channel('c PJSIP/carrier-00000001 tandem-adopted caller Stasis', 'tandem,adopted,caller,call-1,12345,1001,a,600,'), channelvars: vars }
    const desk = { ...channel('a PJSIP/1001-00000002 tandem-adopted agent Stasis', 'tandem,adopted,agent,call-1,12345,1001,c'), channelvars: { ...vars, TANDEM_APPLICATION: 'tandem' } }
    expect(rescues([alone, desk], [], 'tandem')).toEqual(['c', 'a'].map((id) => ({ type: 'join', channel: id, bridge: 'bridge-call-1' })))
    expect(rescues([alone], [], 'tandem')).toEqual([{ type: 'move-on', channel: 'c', platform: '12345' }])
  })
})
