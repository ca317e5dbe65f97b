import { array, assert, asyncProperty, constantFrom, tuple } from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handover } from '../../src/domain/handover/handover.ts'
import { isHandoverFact } from '../../src/domain/facts.ts'
import { type Vendor, vendors } from '../../src/softkeys/vendors.ts'
import { type GivenHttp, givenHttp, withArchiveKey, withKey } from '../support/given-http.ts'

let given: GivenHttp
beforeEach(async () => {
  given = await givenHttp({ agents: { '12345': ['1001', '1002'], '110': ['2001'] } })
})
afterEach(() => given.close())

/** What each vendor's phones send with a GET. */
const sentBy: Readonly<Record<Vendor, { readonly headers: Readonly<Record<string, string>>; readonly more?: string }>> = {
  yealink: { headers: { 'user-agent': 'Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc', accept: '*/*' } },
  fanvil: { headers: { 'user-agent': 'Fanvil X5U-V2 2.12.16 0c383eaabbcc' } },
  grandstream: { headers: { 'user-agent': 'Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee' } },
  snom: { headers: { 'user-agent': 'Mozilla/4.0 (compatible; snomD785-SIP 10.1.184.15 1.1.6-s 000413AABBCC)' } },
  cisco: {
    headers: { 'user-agent': 'Allegro-Software-WebClient/4.34', accept: 'x-CiscoIPPhone/*, text/*,image/png,*/*', 'accept-charset': 'utf-8,iso-8859-1;q=0.8', 'x-ciscoipphonemodelname': 'CP-7965G', 'x-ciscoipphonesdkversion': '8.5.1' },
    more: '&locale=China&name=SEP002155D64F77',
  },
}

type Pressed = Parameters<GivenHttp['phoneLinks']['urlOf']>[2]
const pathOf = (key: Pressed, vendor: Vendor = 'yealink', agent = '1001') => given.phoneLinks.urlOf(agent, vendor, key).replace(/^https?:\/\/[^/]+/u, '')
async function get(url: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await given.http.inject({ url, headers })
  return { status: answer.statusCode, headers: answer.headers, body: answer.body }
}
const pressed = (key: Pressed, vendor: Vendor = 'yealink') => get(pathOf(key, vendor) + (sentBy[vendor].more ?? ''), sentBy[vendor].headers)
const handovers = async () => (await given.http.inject({ url: '/v1/handovers', headers: withKey })).json<{ items: Handover[] }>().items

/** Every element is closed, in order, and nothing stands bare that may not. */
function expectWellFormed(xml: string): void {
  const open: string[] = []
  const rest = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/u, '').replaceAll(/<(\/?)([\w]+)((?: [\w-]+="[^"<]*")*)(\/?)>/gu, (_whole, closing: string, name: string, _attributes: string, empty: string) => {
    if (closing === '') open.push(name)
    if ((closing !== '' || empty !== '') && open.pop() !== name) open.push(`unexpected end of ${name}`)
    return ''
  })
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|apos;)/u)
}

describe.each(vendors)('a key of %s', (vendor) => {
  it('presses, shows the state in its XML as it changes, and at last why it failed', async () => {
    given.control.talk('1001')
    const first = await pressed('transfer', vendor)
    expect([first.status, first.headers['content-type'], first.headers['cache-control']]).toEqual([200, 'text/xml; charset=utf-8', 'no-store'])
    expectWellFormed(first.body)
    expect(first.body).toContain('转 110')
    expect(first.headers['refresh']).toBe(`2; url=${given.phoneLinks.urlOf('1001', vendor, 'status')}`)
    expect(first.body.includes('<fetch mil="2000">http')).toBe(vendor === 'snom')
    given.control.ring('2001')
    expect((await pressed('status', vendor)).body).toContain('对方振铃中')
    given.control.busy('2001')
    const failed = await pressed('status', vendor)
    expectWellFormed(failed.body)
    expect(failed.body).toContain('未成功: 对方忙 (486)')
    expect(failed.headers['refresh']).toBeUndefined()
    expect(await handovers()).toHaveLength(1)
  })
})

it('pressed twice, as by a phone that asks again, it is one hand-over', async () => {
  given.control.talk('1001')
  const both = await Promise.all([pressed('conference'), pressed('conference'), pressed('transfer')])
  expect(both.map(({ status }) => status)).toEqual([200, 200, 200])
  expect((await handovers()).map(({ mode }) => mode)).toEqual(['conference'])
})

it('leads through a consultation: its screens have the keys that do something', async () => {
  given.control.talk('1001')
  expect((await pressed('status')).body).toMatch(/通话中[\s\S]*转接[\s\S]*三方[\s\S]*咨询/u)
  await pressed('consult')
  given.control.answer('2001')
  expect((await pressed('status')).body).toMatch(/正在与对方坐席商议[\s\S]*转接[\s\S]*三方[\s\S]*取消/u)
  await pressed('conference')
  await new Promise(setImmediate)
  expect((await pressed('status')).body).toContain('三方通话中')
  expect((await handovers())[0]).toMatchObject({ mode: 'conference', state: 'joined' })
})

it('says what it could not do, in words', async () => {
  expect((await pressed('transfer')).body).toContain('未执行: 您没有通话')
  given.control.talk('1001')
  expect((await pressed('back')).body).toContain('未执行: 没有正在进行的转办')
  given.control.up = false
  given.calls.restored()
  expect((await pressed('transfer')).body).toContain('未执行: 话务平台中断')
})

it('shows the agent what became of it when he has left the call', async () => {
  given.control.talk('1001')
  await pressed('transfer')
  given.control.answer('2001')
  await new Promise(setImmediate)
  const { body } = await pressed('status')
  expect(body).toContain('已转接')
  expect(body).toContain('没有通话')
})

describe('the signature', () => {
  it('is one phone’s, whole, and not revoked', async () => {
    given.control.talk('1001')
    const good = pathOf('transfer')
    const wrong = [good.replace('/1001/', '/1002/'), good.replace('/1001/', '/9999/'), good.slice(0, -1), good.replace(/signature=.*/u, 'signature='), good.replace(/signature=./u, 'signature=%F0%9F%98%80')]
    for (const url of wrong) expect([url, (await get(url)).status]).toEqual([url, 403])
    const revoked = await given.http.inject({ method: 'POST', url: '/v1/phones/1001/revocations', headers: withArchiveKey })
    expect(revoked.json()).toEqual({ agent: '1001', serial: 2 })
    expect((await get(good)).status).toBe(403)
    expect(await handovers()).toEqual([])
    expect((await get(pathOf('transfer'))).status).toBe(200)
    expect(await handovers()).toHaveLength(1)
  })

  it('survives a restart, as a revocation does', async () => {
    const { phoneLinks } = given
    await phoneLinks.revoke('1001')
    const rows = await given.journal.tables.all({ sql: 'SELECT agent, serial FROM phone_links', params: [] })
    expect(rows).toEqual([{ agent: '1001', serial: 2 }])
  })

  it('is nothing that a key of the HTTP interface could stand for, and HEAD presses nothing', async () => {
    given.control.talk('1001')
    const url = pathOf('transfer')
    expect((await get(url.replace(/signature=.*/u, 'signature=x'), withKey)).status).toBe(403)
    expect((await given.http.inject({ method: 'HEAD', url, headers: withKey })).statusCode).toBe(404)
    expect(await handovers()).toEqual([])
  })
})

describe('what a phone’s provisioning needs', () => {
  it.each(vendors)('%s: lines with URLs that press, and lamps', async (vendor) => {
    const answer = await given.http.inject({ url: `/v1/phones/1001?vendor=${vendor}`, headers: withArchiveKey })
    const { lines, lamps, keys } = answer.json<{ lines: string[]; lamps: { extension: string }[]; keys: { key: Pressed; url: string }[] }>()
    const text = lines.join('\n').replaceAll('&amp;', '&')
    const urls = [...text.matchAll(/http[^\s<"]+/gu)].map(([url]) => url)
    expect(urls.length).toBeGreaterThan(0)
    for (const url of urls) expect((await get(url.replace(/^https?:\/\/[^/]+/u, ''))).status).toBe(200)
    expect(keys.map(({ key }) => key)).toEqual(['status', 'transfer', 'conference', 'consult', 'back'])
    expect(lamps.map(({ extension }) => extension)).toEqual(['12345', '110', '*11001', '*21001', '*31001'])
    for (const { extension } of lamps) expect(text).toContain(extension)
  })

  it('is for administrators, and of phones that there are', async () => {
    expect((await given.http.inject({ url: '/v1/phones/1001?vendor=snom', headers: withKey })).statusCode).toBe(403)
    expect((await given.http.inject({ url: '/v1/phones/9999?vendor=snom', headers: withArchiveKey })).statusCode).toBe(404)
    expect((await given.http.inject({ method: 'POST', url: '/v1/phones/9999/revocations', headers: withArchiveKey })).statusCode).toBe(404)
  })
})

describe('every key in a race with every other', () => {
  const ways = ['browser', 'url', 'code', 'refer', 'line'] as const
  const modes = ['transfer', 'conference', 'consult'] as const
  const codes = { transfer: '*1', conference: '*2', consult: '*3' }

  async function press(way: (typeof ways)[number], mode: (typeof modes)[number], leg: string): Promise<string | undefined> {
    switch (way) {
      case 'browser': {
        const answer = await given.http.inject({ method: 'POST', url: '/v1/handovers', headers: withKey, payload: { agent: '1001', mode: mode === 'conference' ? mode : 'transfer', ...(mode === 'consult' ? { consult: true } : {}) } })
        return answer.json<{ handover: Handover }>().handover.id
      }
      case 'url':
        await pressed(mode)
        return undefined
      case 'code':
        given.control.press(leg, codes[mode])
        return undefined
      case 'refer':
        given.control.refer(leg, { extension: mode === 'transfer' ? '110' : codes[mode] })
        return undefined
      case 'line':
        given.control.line(`line-${Math.random()}`, '1001', mode === 'consult' ? '110' : codes[mode])
        return undefined
    }
  }

  it('makes one hand-over: the second press sees the state of the first', async () => {
    const presses = array(tuple(constantFrom(...ways), constantFrom(...modes)), { minLength: 2, maxLength: 6 })
    await assert(
      asyncProperty(presses, async (all) => {
        const { call } = given.control.talk('1001')
        const leg = given.control.legTo('1001').leg
        const dialled = given.control.dialled.length
        const ids = await Promise.all(all.map(([way, mode]) => press(way, mode, leg)))
        const made = (await given.journal.read(0, 10_000)).flatMap(({ fact }) => (isHandoverFact(fact) && fact.type === 'handover-requested' && fact.call.id === call ? [fact.handover.id] : []))
        expect(made).toHaveLength(1)
        expect(new Set(ids.filter((id) => id !== undefined))).toEqual(new Set(ids.some((id) => id !== undefined) ? made : []))
        expect(given.control.dialled.slice(dialled).map(({ endpoint }) => endpoint)).toEqual(['2001'])
        // The next run begins with everybody idle.
        await given.http.inject({ method: 'POST', url: `/v1/handovers/${made[0] ?? ''}/cancel`, headers: withKey, payload: {} })
        await new Promise(setImmediate)
        given.control.callerLeaves(given.calls.get(call)?.channels.caller.channelId ?? '')
        await new Promise(setImmediate)
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
