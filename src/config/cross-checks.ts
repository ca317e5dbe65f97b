import { createHash } from 'node:crypto'
import type { Problem } from './load.ts'
import type { Config } from './schema.ts'
import { afterWorking, type Calendar } from '../domain/ticket/calendar.ts'
import { platforms } from '../domain/handover/handover.ts'
import { canSign } from '../tickets/signature.ts'
import { mappable } from '../tickets/kinds.ts'
import { isNetwork } from '../tickets/network.ts'

/**
 * What a schema cannot say: names are unique, references lead somewhere, ranges are in order, this Node can sign as it is told to.
 * @param hashes that Node has; its own unless given
 */
export function crossChecks(config: Config, hashes?: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [
    ...repeated('agents', [...[...config.agents, ...config.trunks, ...config.destinations].map((e) => e.id), ...edgeEndpoints(config)]),
    ...repeated('tickets/endpoints', config.tickets.endpoints.map((e) => e.id)),
    ...repeated('http/apiKeys', config.http.apiKeys.map((k) => k.name)),
    ...repeated('testCalls', config.testCalls.map((t) => t.platform)),
    ...repeated('desks', platforms.flatMap((p) => config.desks[p].numbers)),
  ]
  if (!isTimeZone(config.timezone)) problems.push({ path: 'timezone', reason: `${config.timezone} is no time zone: a name as Asia/Shanghai` })
  problems.push(...calendarProblems(config), ...codeProblems(config))
  const [first, last] = config.asterisk.rtpPorts
  if (last - first < 3) problems.push({ path: 'asterisk/rtpPorts', reason: 'needs at least four ports, the first below the last' })
  for (const [list, named] of [['trunks', config.trunks], ['agents', config.agents]] as const) {
    if (named.some(({ id }) => id === 'seats')) problems.push({ path: list, reason: '`seats` is a word of `routes`: nobody can have it as a name' })
  }
  config.trunks.forEach(({ channels, reserved }, i) => {
    if (channels !== undefined && reserved >= channels) problems.push({ path: `trunks/${i}/reserved`, reason: 'leaves no channel for other calls' })
    if (channels === undefined && reserved > 0) problems.push({ path: `trunks/${i}/reserved`, reason: 'needs `channels`' })
  })
  if (config.outbound && !config.trunks.some(({ id }) => id === config.outbound?.trunk)) {
    problems.push({ path: 'outbound/trunk', reason: 'names no trunk of `trunks`' })
  }
  config.destinations.forEach(({ trunk }, i) => {
    if (!config.trunks.some((t) => t.id === trunk)) problems.push({ path: `destinations/${i}/trunk`, reason: 'names no trunk of `trunks`' })
  })
  config.testCalls.forEach(({ endpoint, number }, i) => {
    const trunk = config.trunks.some(({ id }) => id === endpoint)
    if (!trunk && !config.agents.some(({ id }) => id === endpoint)) problems.push({ path: `testCalls/${i}/endpoint`, reason: 'names no trunk and no agent' })
    else if (trunk !== (number !== undefined)) problems.push({ path: `testCalls/${i}/number`, reason: 'is needed for a trunk, and only there' })
  })
  config.tickets.endpoints.forEach(({ kind, url, secrets, token, queue, fields, states, cti }, i) => {
    const at = `tickets/endpoints/${i}`
    const signed = kind === 'webhook' || kind === 'relay'
    if (signed && secrets.length === 0) problems.push({ path: `${at}/secrets`, reason: 'what is sent is signed: one is needed' })
    if (url.startsWith('file:') !== (kind === 'relay')) problems.push({ path: `${at}/url`, reason: kind === 'relay' ? 'the folder of a relay, as file:///var/spool/tandem/police' : 'http or https' })
    for (const [name, value] of Object.entries({ token, queue, fields, states })) {
      if (signed && value !== undefined) problems.push({ path: `${at}/${name}`, reason: `a ${kind} has none` })
      if (!signed && value === undefined && (name === 'token' || name === 'queue')) problems.push({ path: `${at}/${name}`, reason: `${kind} needs it` })
    }
    if (cti !== undefined && kind !== 'zammad') problems.push({ path: `${at}/cti`, reason: `a ${kind} has none` })
    const unknown = Object.keys(fields ?? {}).filter((name) => !mappable.has(name))
    for (const name of unknown) problems.push({ path: `${at}/fields/${name}`, reason: 'neither a field of an intake form, nor id, call, urgency, mode, category or item' })
  })
  config.tickets.endpoints.forEach(({ signature }, i) => {
    if (!canSign(signature, hashes)) problems.push({ path: `tickets/endpoints/${i}/signature`, reason: `${signature} is not in this build of Node: its OpenSSL lacks the hash` })
  })
  config.tickets.allowNetworks.forEach((network, i) => {
    if (!isNetwork(network)) problems.push({ path: `tickets/allowNetworks/${i}`, reason: `${network} is no network: an address and the length of its prefix, as 10.0.0.0/8` })
  })
  problems.push(...edgeProblems(config))
  for (const platform of platforms) {
    const { routes } = config.desks[platform]
    const unknown = routes.findIndex((name) => name !== 'seats' && !config.trunks.some((t) => t.id === name))
    if (unknown >= 0) problems.push({ path: `desks/${platform}/routes/${unknown}`, reason: 'names no trunk of `trunks`' })
    if (!routes.some((name) => name !== 'seats') && !config.agents.some((a) => a.platform === platform)) {
      problems.push({ path: `desks/${platform}`, reason: 'has neither a trunk nor an agent: nobody could be rung' })
    }
  }
  return problems
}

/** Whoever hears the digits of one code must not take them for another's. */
function codeProblems({ keys: { codes }, desks, agents }: Config): readonly Problem[] {
  const used = Object.entries(codes).filter(([, code]) => code !== 'none')
  const numbers = platforms.flatMap((platform) => desks[platform].numbers)
  return used.flatMap(([key, code]) => {
    const other = used.find(([name, longer]) => name !== key && longer.startsWith(code))
    const dialled = [code, ...agents.map(({ id }) => code + id)]
    const clash = other ? `the code of ${other[0]} begins with it` : dialled.some((extension) => numbers.includes(extension)) ? 'a desk has this number, or the one of a lamp' : undefined
    return clash === undefined ? [] : [{ path: `keys/codes/${key}`, reason: clash }]
  })
}

/** Asterisk's names of the ways by the edge. */
const edgeEndpoints = ({ edge }: Config): readonly string[] => (edge ? ['tandem-edge', ...edge.trunks.map(({ trunk }) => `${trunk}-edge`)] : [])

/** A trunk is behind the edge once, and tells itself apart from it and from Asterisk by its address. */
function edgeProblems({ edge, trunks, http }: Config): readonly Problem[] {
  if (!edge) return []
  const unknown = edge.trunks.flatMap(({ trunk }, i) => (trunks.some(({ id }) => id === trunk) ? [] : [{ path: `edge/trunks/${i}/trunk`, reason: 'names no trunk of `trunks`' }]))
  const same = trunks.flatMap(({ host, match }, i) => ((match ?? [host]).includes(edge.host) ? [{ path: `trunks/${i}/host`, reason: 'is the edge’s: Asterisk could not tell whose calls they are' }] : []))
  const keyless = http.apiKeys.some(({ key }) => key === edge.apiKey || key === sha256(edge.apiKey)) ? [] : [{ path: 'edge/apiKey', reason: 'is none of `http.apiKeys`' }]
  return [
    ...unknown,
    ...same,
    ...keyless,
    ...repeated('edge/trunks', edge.trunks.map(({ trunk }) => trunk)),
    ...repeated('edge/trunks', edge.trunks.flatMap(({ gateways }) => gateways.map(({ id }) => id))),
  ]
}

const sha256 = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

/** Hours follow each other, days are days, and what counts working time finds some. */
function calendarProblems({ dispatch: { calendar, deadlines } }: Config): readonly Problem[] {
  const path = 'dispatch/calendar'
  const times = calendar.hours.flat()
  const days = (['holidays', 'workdays'] as const).flatMap((list) => calendar[list].flatMap((day, i) => (isDay(day) ? [] : [{ path: `${path}/${list}/${i}`, reason: `${day} is no day` }])))
  if (times.some((time, i) => i > 0 && time <= (times[i - 1] ?? ''))) return [...days, { path: `${path}/hours`, reason: 'each begins after the one before has ended, and ends after it begins' }]
  const none = calendar.hours.length === 0 || calendar.weekdays.length === 0
  const long = none ? [] : deadlines.flatMap((rule, i) => (rule.count === 'working' && !isReckonable(rule, { ...calendar, timeZone: 'UTC' }) ? [{ path: `dispatch/deadlines/${i}`, reason: 'more working time than the calendar has in a year' }] : []))
  return [...days, ...long, ...(none && deadlines.some(({ count }) => count === 'working') ? [{ path, reason: 'has no working time, which a deadline counts' }] : [])]
}

function isReckonable({ accept = 0, feedback = 0, finish = 0 }: Config['dispatch']['deadlines'][number], calendar: Calendar): boolean {
  try {
    afterWorking(Date.now(), Math.max(accept, feedback, finish), calendar)
    return true
  } catch {
    // What is wrong with it is said by whoever asks.
    return false
  }
}

const isDay = (text: string): boolean => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)

function repeated(path: string, names: readonly string[]): readonly Problem[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))].map((name) => ({
    path,
    reason: `${name} is there twice`,
  }))
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    // RangeError: ICU does not know it.
    return false
  }
}
