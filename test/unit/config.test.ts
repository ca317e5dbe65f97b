import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { crossChecks } from '../../src/config/cross-checks.ts'
import { ConfigError, parseConfig } from '../../src/config/load.ts'
import { publishedSchema } from '../../src/config/published-schema.ts'
import { safeSummary } from '../../src/config/summary.ts'

const file = (name: string) => readFileSync(fileURLToPath(new URL(`../../src/config/${name}`, import.meta.url)), 'utf8')
const example = file('tandem.example.yaml')
const secret = 'a-secret-of-some-length'
const env = {
  TANDEM_API_KEY: secret,
  TANDEM_ARI_PASSWORD: secret,
  TANDEM_AMI_PASSWORD: secret,
  TANDEM_PHONE_1001: secret,
  TANDEM_PHONE_1002: secret,
  TANDEM_TICKET_SECRET: `whsec_${'a'.repeat(44)}`,
}

function problemsOf(text: string, environment: NodeJS.ProcessEnv = env) {
  try {
    parseConfig(text, environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const edge = ({ trunk = 'police', host = '192.0.2.5', apiKey = secret, gateways = '[{ id: a, host: 192.0.2.1 }]' } = {}): string =>
  `edge: { host: ${host}, drachtio: { secret: ${secret} }, apiKey: ${apiKey}, trunks: [{ trunk: ${trunk}, gateways: ${gateways} }] }\n`

describe('the configuration', () => {
  it('is taken from the example, with defaults filled in', () => {
    expect(parseConfig(example, env)).toMatchObject({
      timezone: 'Asia/Shanghai',
      http: { host: '127.0.0.1', apiKeys: [{ name: 'desk', key: secret }] },
      calls: { ringMs: 25_000 },
    })
  })

  it.each([
    ['an unknown field', ['redis:', 'radis: {}\nredis:'], '', /unknown: radis/],
    ['a missing field', ['  application: tandem\n', ''], 'asterisk', /lacking application/],
    ['a name that could end a line of Asterisk’s files', ['id: "1001"', 'id: "1001\\n[evil]"'], 'agents/0/id', /pattern/],
    ['a platform that is none', ['platform: "110"', 'platform: "119"'], 'tickets/endpoints/0/platform', /one of 12345, 110/],
    ['a trunk that is not there', ['routes: [police]', 'routes: [polise]'], 'desks/110/routes/0', /names no trunk/],
    ['two agents of one name', ['id: "1002"', 'id: "1001"'], 'agents', /1001 is there twice/],
    ['a test call that leads nowhere', ['tickets:', 'testCalls: [{ platform: "110", endpoint: polise, number: "999" }]\ntickets:'], 'testCalls/0/endpoint', /names no trunk and no agent/],
    ['a test call on a trunk without a number', ['tickets:', 'testCalls: [{ platform: "110", endpoint: police }]\ntickets:'], 'testCalls/0/number', /needed for a trunk/],
    ['a network that is none', ['tickets:', 'tickets:\n  allowNetworks: [10.0.0.0/8, 10.0.0.0/99]'], 'tickets/allowNetworks/1', /is no network/],
    ['an edge whose trunk is not there', ['tickets:', `${edge({ trunk: 'polise' })}tickets:`], 'edge/trunks/0/trunk', /names no trunk/],
    ['an edge at the address of a trunk', ['tickets:', `${edge({ host: '192.0.2.110' })}tickets:`], 'trunks/1/host', /is the edge’s/],
    ['an edge with a key that the API does not know', ['tickets:', `${edge({ apiKey: 'another-key-of-some-length' })}tickets:`], 'edge/apiKey', /none of/],
    ['two gateways of one name', ['tickets:', `${edge({ gateways: '[{ id: a, host: 192.0.2.1 }, { id: a, host: 192.0.2.2 }]' })}tickets:`], 'edge/trunks', /a is there twice/],
    ['a number as text', ['path: ./journal.sqlite', 'path: 5'], 'journal/path', /string/],
    ['a password that is too short', ['"${TANDEM_PHONE_1001}"', 'short'], 'agents/0/password', /pattern/],
  ])('with %s is refused, with the path and the reason', (_what, [from = '', to = ''], path, reason) => {
    const problems = problemsOf(example.replace(from, to))
    expect(problems.map((problem) => problem.path)).toContain(path)
    expect(problems.find((problem) => problem.path === path)?.reason).toMatch(reason)
  })

  it('has no edge unless it is said, and keeps its secrets out of the log', () => {
    expect(parseConfig(example, env).edge).toBeUndefined()
    const config = parseConfig(example.replace('tickets:', `${edge()}tickets:`), env)
    expect(config.edge).toMatchObject({ port: 5070, silenceMs: 1_500, plan: { country: '86', area: '513' }, trunks: [{ trunk: 'police', trusted: false, numbers: 'national' }] })
    expect(JSON.stringify(safeSummary(config))).not.toContain(secret)
  })

  it('names the environment variable that is not set, and where', () => {
    expect(problemsOf(example, { ...env, TANDEM_API_KEY: undefined })).toEqual([
      { path: 'http/apiKeys/0/key', reason: 'environment variable TANDEM_API_KEY is not set' },
    ])
  })

  it('with HMAC-SM3 is taken where Node has SM3, and refused with the path where it has not', () => {
    const config = parseConfig(example.replace('platform: "110"\n      url', 'platform: "110"\n      signature: hmac-sm3\n      url'), env)
    expect(config.tickets.endpoints[0]?.signature).toBe('hmac-sm3')
    expect(crossChecks(config, ['sha256', 'sm3'])).toEqual([])
    expect(crossChecks(config, ['sha256'])).toEqual([{ path: 'tickets/endpoints/0/signature', reason: expect.stringMatching(/hmac-sm3 is not in this build of Node/) }])
  })

  it.each([
    ['a deadline longer than a working year', 'deadlines: [{ count: working, finish: 525600 }]', 'dispatch/deadlines/0'],
    ['working hours that are not in order', 'calendar: { hours: [["13:30", "17:30"], ["08:30", "12:00"]] }', 'dispatch/calendar/hours'],
    ['a day that is none', 'calendar: { holidays: ["2026-02-30"] }', 'dispatch/calendar/holidays/0'],
    ['working time that there is none of', 'calendar: { weekdays: [] }', 'dispatch/calendar'],
  ])('with %s is refused with its place', (_, dispatch, path) => {
    expect(problemsOf(`${example}\ndispatch:\n  ${dispatch}\n`)).toEqual([{ path, reason: expect.any(String) }])
  })

  it.each([
    ['a code that is the beginning of another one', 'codes: { transfer: "*2", conference: "*25" }', 'keys/codes/transfer'],
    ['two keys with one code', 'codes: { transfer: "*2" }', 'keys/codes/transfer'],
    ['a code that is a desk’s number', 'codes: { back: "110" }', 'keys/codes/back'],
    ['a code of letters', 'codes: { back: "x9" }', 'keys/codes/back'],
  ])('with %s is refused with its place', (_, keys, path) => {
    expect(problemsOf(`${example}\nkeys:\n  ${keys}\n`)).toContainEqual({ path, reason: expect.any(String) })
  })

  it.each([
    ['kind: request-tracker', ['token', 'queue']],
    ['kind: znuny', ['token', 'queue']],
    ['kind: zammad\n      token: a-token-of-zammad', ['queue']],
    ['kind: request-tracker\n      token: a-token-of-rt\n      queue: 警单\n      cti: https://zammad.example/api/v1/cti/secret', ['cti']],
    ['kind: webhook\n      states: { open: in-arbeit }', ['states']],
    ['kind: relay', ['url']],
    ['queue: 110', ['queue']],
    ['kind: request-tracker\n      token: a-token-of-rt\n      queue: 警单\n      fields: { shoeSize: Size }', ['fields/shoeSize']],
  ])('a ticket system that is %s is refused with what it lacks', (more, places) => {
    expect(problemsOf(example.replace('platform: "110"\n      url', `platform: "110"\n      ${more.replace('queue: 110', 'queue: "110"')}\n      url`)).map(({ path }) => path)).toEqual(places.map((place) => `tickets/endpoints/0/${place}`))
  })

  it('that is no YAML is refused with the line', () => {
    expect(problemsOf('http: [\nredis: }')[0]?.path).toMatch(/^line [0-9]+$/)
  })

  it('never shows a secret, in errors and in the summary for the log', () => {
    const config = parseConfig(example.replace('redis://', 'redis://user:hidden-too@'), env)
    const shown = JSON.stringify(safeSummary(config))
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain('hidden-too')
    expect(shown).toContain('"key":"configured"')
    const zammad = example.replace('platform: "110"\n      url', 'platform: "110"\n      kind: zammad\n      token: token-of-zammad\n      queue: 警单\n      cti: https://zammad.example/api/v1/cti/hidden-there\n      url')
    expect(JSON.stringify(safeSummary(parseConfig(zammad, env)))).not.toMatch(/token-of-zammad|hidden-there/u)
    expect(JSON.stringify(problemsOf(example.replace('name: desk', 'nam: desk')))).not.toContain(secret)
  })

  it('has a published JSON schema that is the one in force', () => {
    expect(JSON.parse(file('tandem.schema.json'))).toEqual(publishedSchema())
  })
})
