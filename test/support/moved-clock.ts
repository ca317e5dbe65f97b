/** Loaded before a service (`node --import`): in all its threads and processes the clock is as far from the machine's as the file `MOVED_CLOCK` says, ms. */
import { readFileSync } from 'node:fs'

const file = process.env['MOVED_CLOCK'] ?? ''
const lookMs = 20
let movedMs = 0

function look(): void {
  movedMs = Number(readFileSync(file, 'utf8'))
}

const MachineDate = Date
globalThis.Date = class extends MachineDate {
  constructor(...given: readonly unknown[]) {
    // As without arguments; the compiler knows no constructor for all forms.
    super(...((given.length === 0 ? [MachineDate.now() + movedMs] : given) as [number]))
  }
  static override now(): number {
    return MachineDate.now() + movedMs
  }
} as DateConstructor

look()
setInterval(look, lookMs).unref()
