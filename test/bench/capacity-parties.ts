import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/lab/ports.ts'
import { carrierHost, type Stack, startStack } from '../../src/lab/stack.ts'
import { partyTones } from '../../src/lab/tones.ts'
import { type Sipp, startSipp } from './sipp.ts'

/** Of RTP alone, each on an address of its own: no port of one is another's. */
const mediaHosts = { seats: '127.0.0.3', police: '127.0.0.4' } as const

export interface Parties {
  readonly stack: Stack
  /** Names of the agents of 12345. */
  readonly seats: readonly string[]
  /** Where the desks' phones listen. */
  readonly ports: Readonly<Record<Desk, number>>
}

type Desk = keyof typeof mediaHosts

/** Tandem and Asterisk for many calls: seats of 12345 at this Asterisk, and 110 behind a trunk. */
export async function startParties(seatCount: number, legs: number): Promise<Parties> {
  const seats = Array.from({ length: seatCount }, (_, i) => String(1001 + i))
  const ports = { seats: await freePort(undefined, 'udp'), police: await freePort(undefined, 'udp') }
  const stack = await startStack({
    name: 'bench',
    policeTrunkPort: ports.police,
    seats: { '12345': seats },
    desks: { '12345': { strategy: 'longest-idle' } },
    recording: { enabled: true },
    rtpPorts: legs * 2,
  })
  await seatContacts(stack, seats, ports.seats)
  return { stack, seats, ports }
}

/** The desks' phones. */
export async function startPhones({ stack, ports }: Parties): Promise<Readonly<Record<Desk, Sipp>>> {
  const start = (name: Desk, toneHz: number) =>
    startSipp({
      name,
      dir: join(stack.dir, name),
      scenario: 'desk',
      sip: { host: '127.0.0.1', port: ports[name] },
      mediaHost: mediaHosts[name],
      toneHz,
    })
  return { seats: await start('seats', partyTones.agent), police: await start('police', partyTones.peer) }
}

export const callersAt = carrierHost

/** The seats' phones are where sipp listens, without registration. */
async function seatContacts(stack: Stack, seats: readonly string[], port: number): Promise<void> {
  const aors = seats.map((seat) => `[${seat}](+type=aor)\ncontact = sip:${seat}@127.0.0.1:${port}\nqualify_frequency = 0\n`)
  appendFileSync(join(stack.dir, 'asterisk/etc/pjsip.conf'), `\n${aors.join('\n')}`)
  await stack.asterisk.rx('module reload res_pjsip.so')
}
