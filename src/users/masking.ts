/** Numbers and names of citizens, as those see them who need not know them. Pure. */
import { maskNumber } from '../calls/mask.ts'
import type { Sight } from './roles.ts'

/** `王**`. */
export function maskName(name: string): string {
  const [first = '', ...rest] = Array.from(name)
  return first + '*'.repeat(Math.min(2, Math.max(1, rest.length)))
}

/**
 * An answer with what must not be seen in it hidden: in every call in it the caller's number and name, where the call is neither of the
 * platform that is seen nor at its desk; and what another system has said.
 */
export function masked<T>(answer: T, sight: Sight): T {
  return sight === 'all' ? answer : (hide(answer, sight) as T)
}

function hide(value: unknown, sight: Exclude<Sight, 'all'>): unknown {
  if (Array.isArray(value)) return value.map((item) => hide(item, sight))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const tree = value as Readonly<Record<string, unknown>>
  const seen = Object.fromEntries(Object.entries(tree).map(([name, inner]) => [name, hide(inner, sight)]))
  // What another system says may say anything.
  if (tree['type'] === 'message-received') return { ...seen, message: '***' }
  // Both platforms see a ticket whole: whoever is of neither does not.
  if (sight === 'none' && isIntake(tree)) return { ...seen, ...maskedIntake(tree) }
  return isCaller(tree['caller']) && !isOwn(tree, sight) ? { ...seen, caller: maskedCaller(tree['caller']), ...hiddenOf(seen['carried']) } : seen
}

interface Caller {
  readonly number: string
  readonly name?: string
}

const isCaller = (value: unknown): value is Caller => typeof value === 'object' && value !== null && typeof (value as { number?: unknown }).number === 'string'

/** Where the caller is, and a link that shows the whole. */
function hiddenOf(carried: unknown): { readonly carried?: object } {
  if (typeof carried !== 'object' || carried === null) return {}
  return { carried: Object.fromEntries(Object.entries(carried).filter(([name]) => name !== 'position' && name !== 'link')) }
}

interface Intake {
  readonly callerNumber?: string
  readonly callerName?: string
}

const isIntake = (tree: object): tree is Intake => ['callerNumber', 'callerName'].some((field) => typeof (tree as Record<string, unknown>)[field] === 'string')

const maskedIntake = ({ callerNumber, callerName }: Intake): Intake => ({
  ...(callerNumber === undefined ? {} : { callerNumber: maskNumber(callerNumber, 'masked') }),
  ...(callerName === undefined ? {} : { callerName: maskName(callerName) }),
})

const isOwn = (call: Readonly<Record<string, unknown>>, sight: Exclude<Sight, 'all'>): boolean =>
  sight !== 'none' && sight.platform !== undefined && (call['platform'] === sight.platform || call['desk'] === sight.platform)

const maskedCaller = ({ number, name, ...rest }: Caller): Caller => ({ ...rest, number: maskNumber(number, 'masked'), ...(name === undefined ? {} : { name: maskName(name) }) })
