import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { ensureRoot } from '../../src/lab/root.ts'
import { type LabSettings, type Stack, startStack } from '../../src/lab/stack.ts'
import { type LabRequestTracker, startRequestTracker } from './request-tracker.ts'

export type PlatformName = '12345' | '110'

/** Two platforms as a city has them: each with its own Asterisk, seat, Tandem, ledger and queue in a Request Tracker; a trunk between the Asterisks, signed messages between the Tandems. */
export interface TwoPlatforms {
  readonly hotline: Stack
  readonly police: Stack
  readonly rt: LabRequestTracker
  readonly queues: Readonly<Record<PlatformName, string>>
  /** The clock of all that is Tandem goes on from so far. @param ms from now */
  moveClock(ms: number): void
  stop(): Promise<void>
}

const queues = { '12345': '12345 工单', '110': '110 警单' } as const
/** Asterisk's addresses: each knows the other's trunk by it. */
const hosts = { '12345': '127.0.0.11', '110': '127.0.0.12' } as const
const seats = { '12345': '1001', '110': '2001' } as const
const secretOf = (what: string) => `whsec_${Buffer.from(what.padEnd(32, '.')).toString('base64')}`

export async function twoPlatforms(name: string): Promise<TwoPlatforms> {
  await ensureRoot(() => {})
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  const dir = mkdtempSync(join(runtimeDir, `test/${name}-`))
  let movedMs = 0
  const clockFile = join(dir, 'moved-clock')
  writeFileSync(clockFile, '0')
  // Whatever of Tandem is started from here has the clock that can be moved.
  process.env['MOVED_CLOCK'] = clockFile
  process.env['NODE_OPTIONS'] = `--import ${join(import.meta.dirname, 'moved-clock.ts')}`
  const http = { '12345': await freePort(), '110': await freePort() }
  const sip = { '12345': await freePort(undefined, 'both'), '110': await freePort(undefined, 'both') }
  const inbox = (at: PlatformName, endpoint: string) => `http://127.0.0.1:${http[at]}/v1/inbox/${endpoint}`
  const rt = await startRequestTracker({ dir: join(dir, 'rt'), tandem: { url: { [queues['12345']]: inbox('12345', 'rt'), [queues['110']]: inbox('110', 'rt') }, secret: secretOf('of RT') } })
  const start = (own: PlatformName, other: PlatformName) =>
    startStack({
      name: `${name}-${own}`,
      ledger: true,
      calls: { ringMs: 8_000 },
      settings: (usual): LabSettings => ({
        ...usual,
        http: { ...(usual['http'] as object), port: http[own], publicUrl: `http://127.0.0.1:${http[own]}` },
        asterisk: { ...usual.asterisk, sipHost: hosts[own], sipPort: sip[own] },
        desks: { [own]: { numbers: [own] }, [other]: { numbers: [other], routes: ['peer'] } },
        agents: (usual['agents'] as readonly { readonly id: string }[]).filter(({ id }) => id === seats[own]),
        trunks: [...(usual['trunks'] as readonly object[]), { id: 'peer', host: hosts[other], port: sip[other], qualifySec: 0 }],
        tickets: {
          allowNetworks: ['127.0.0.0/8'],
          circuit: { failures: 5, pauseMs: 300, longestPauseMs: 1_000 },
          endpoints: [
            { id: 'peer', platform: other, url: inbox(other, 'peer'), secrets: [secretOf('between the two platforms')] },
            { id: 'rt', platform: own, kind: 'request-tracker', url: rt.url, token: rt.token, queue: queues[own], secrets: [secretOf('of RT')], pollMs: 1_000 },
          ],
        },
      }),
    })
  const [hotline, police] = [await start('12345', '110'), await start('110', '12345')]
  return {
    hotline,
    police,
    rt,
    queues,
    moveClock(ms) {
      movedMs += ms
      writeFileSync(clockFile, String(movedMs))
    },
    async stop() {
      await Promise.all([hotline.stop(), police.stop()])
      await rt.stop()
      delete process.env['NODE_OPTIONS']
      rmSync(dir, { recursive: true })
    },
  }
}
