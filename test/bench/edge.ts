import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../src/lab/eventually.ts'
import { freePort } from '../../src/lab/ports.ts'
import { claimRunDir } from '../../src/lab/run-dir.ts'
import { startStack } from '../../src/lab/stack.ts'
import { drachtioBin, startDrachtio, whichDrachtio } from '../support/given-drachtio.ts'
import { startSipPeer } from '../support/sip-peer.ts'
import { RawAri } from './raw-ari.ts'
import { type BenchResult, printTable } from './result.ts'
import { added, figures, ratio, seeded, shuffled } from './statistics.ts'

const target = { addsMedian: 10 }
const warmup = 30
/** Between two calls, ms. */
const restMs = 20
const ways = { edge: 'PJSIP/110@police-edge', direct: 'PJSIP/110@police' } as const
const names = ['edge', 'direct'] as const

/** Call set-up, from the order to Asterisk until the answer is with it: by the edge beside straight from Asterisk, alternating. The far end answers at once. */
export async function edge(rounds: number, progress: (line: string) => void): Promise<BenchResult> {
  progress(`against ${whichDrachtio}`)
  const port = await freePort(undefined, 'udp')
  const police = await startSipPeer({ behaviour: 'answer', port })
  const drachtio = { host: '127.0.0.5', port: await freePort(undefined, 'both', '127.0.0.5'), adminPort: await freePort(), secret: 'a-secret-for-the-edge', dir: join(claimRunDir('bench-drachtio'), 'drachtio') }
  const server = await startDrachtio(drachtio)
  const stack = await startStack({
    name: 'bench-edge',
    policeTrunkPort: port,
    edge: { host: drachtio.host, port: drachtio.port, drachtio: { port: drachtio.adminPort, secret: drachtio.secret }, trunks: [{ trunk: 'police', trusted: true, gateways: [{ id: 'exchange', host: '127.0.0.1', port }] }] },
  })
  const program = await stack.startEdge()
  await eventually(() => stack.asterisk.rx('pjsip show contacts'), (text) => /police-edge\/\S+\s+\S+\s+Avail/.test(text), 20_000)
  const ari = await RawAri.connect(stack.config.asterisk)
  const samples: Record<(typeof names)[number], number[]> = { edge: [], direct: [] }
  const random = seeded(110)
  let made = 0
  for (let round = -warmup; round < rounds; round++) {
    if (round % 100 === 0) progress(`round ${Math.max(0, round)} of ${rounds}`)
    for (const name of shuffled(names, random)) {
      const id = `edge-bench-${(made += 1)}`
      const started = ari.started(id)
      const from = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is measured
      await ari.post(`/channels/${id}?endpoint=${ways[name]}&app=${ari.application}`)
      // oxlint-disable-next-line no-await-in-loop
      await started
      const ms = performance.now() - from
      // oxlint-disable-next-line no-await-in-loop
      await ari.delete(`/channels/${id}`)
      // oxlint-disable-next-line no-await-in-loop -- the pause between two calls
      await pause(restMs)
      if (round >= 0) samples[name].push(ms)
    }
  }
  await ari.close()
  await program.stop()
  await stack.stop()
  await server.stop()
  await police.stop()
  const [through, straight] = [figures(samples.edge), figures(samples.direct)]
  const adds = { median: added(samples.edge, samples.direct, 0.5, random), p99: added(samples.edge, samples.direct, 0.99, random) }
  printTable({ 'by the edge': through, direct: straight })
  process.stdout.write(`adds: median ${adds.median.value} ms (${adds.median.ci.join('–')}), p99 ${adds.p99.value} ms (${adds.p99.ci.join('–')}); ${whichDrachtio}\n`)
  return { name: 'edge', samples: rounds, measured: { ...through, adds, warmup, drachtio: drachtioBin ? 'drachtio-server' : 'double' }, reference: { direct: straight }, ratio: { direct: ratio(through, straight) }, target, ok: adds.median.value <= target.addsMedian }
}
