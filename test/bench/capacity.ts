import { dialplanOperator } from './dialplan-operator.ts'
import { type Load, legsOf } from './capacity-load.ts'
import { startParties } from './capacity-parties.ts'
import { runLoad } from './capacity-run.ts'
import { tandemOperator } from './tandem-operator.ts'

export async function capacity(load: Load, progress: (line: string) => void): Promise<unknown> {
  const most = Math.min(load.calls, Math.ceil((load.rate * load.holdMs) / 1000)) + 20
  const parties = await startParties(most, legsOf({ ...load, calls: most }))
  const operators = [await dialplanOperator(parties.stack, parties.seats), tandemOperator(parties.stack)]
  const reports = []
  for (const operator of operators) {
    progress(`${operator.name}: ${load.calls} calls, ${load.rate} a second, ${load.holdMs / 1000} s each`)
    reports.push(await runLoad(parties, operator, load))
    progress(JSON.stringify(reports.at(-1)))
  }
  return reports
}
