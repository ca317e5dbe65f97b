import { readdirSync, readFileSync } from 'node:fs'

/** Of `/proc/<pid>/stat` and `/proc/stat`: USER_HZ, which is 100 on every Linux of ours. */
const tickMs = 10

/** CPU time that a process has taken so far, all its threads and the system's work for it (proc(5)), ms. @throws Error when it has ended */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** With the processes that it has started, as the service has its readers. @throws Error when it has ended */
const cpuMsOfFamily = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
    .reduce((sum, child) => sum + cpuMsOfFamily(Number(child)), cpuMsOf(pid))

/** Time that the machine's cores together have been busy so far, ms. */
export function busyMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/) ?? []
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs
}

/** CPU time of several processes, also of those that end meanwhile: what they had at the last look. */
export class CpuMeter<Name extends string> {
  readonly #pids: Readonly<Record<Name, number>>
  readonly #families: ReadonlySet<Name>
  readonly #first: Readonly<Record<Name, number>>
  #last: Record<Name, number>

  /** @param families those that count with the processes that they have started */
  constructor(pids: Readonly<Record<Name, number>>, families: readonly Name[] = []) {
    this.#pids = pids
    this.#families = new Set(families)
    this.#first = each(pids, (name, pid) => this.#cpuMs(name, pid))
    this.#last = { ...this.#first }
  }

  /** @returns ms since the meter was made, by process */
  look(): Readonly<Record<Name, number>> {
    this.#last = each(this.#pids, (name, pid) => {
      try {
        return this.#cpuMs(name, pid)
      } catch {
        // It has ended.
        return this.#last[name]
      }
    })
    return each(this.#last, (name, ms) => ms - this.#first[name])
  }

  #cpuMs(name: Name, pid: number): number {
    return this.#families.has(name) ? cpuMsOfFamily(pid) : cpuMsOf(pid)
  }
}

function each<Name extends string>(values: Readonly<Record<Name, number>>, make: (name: Name, value: number) => number): Record<Name, number> {
  return Object.fromEntries((Object.entries(values) as [Name, number][]).map(([name, value]) => [name, make(name, value)])) as Record<Name, number>
}
