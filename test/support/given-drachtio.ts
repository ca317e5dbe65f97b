import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type LabProcess, startOnHost } from '../../src/lab/process.ts'
import { untilReady } from '../../src/lab/wait.ts'

export interface GivenDrachtio {
  readonly host: string
  readonly port: number
  readonly adminPort: number
  readonly secret: string
  /** Below which its log lies. */
  readonly dir: string
}

/** A real drachtio-server where `DRACHTIO_BIN` names one; elsewhere the double. */
export const drachtioBin = process.env['DRACHTIO_BIN']
export const whichDrachtio = drachtioBin ? `the drachtio-server ${drachtioBin}` : 'the double of drachtio-server (DRACHTIO_BIN names none)'

/** Starts it (again). */
export async function startDrachtio({ host, port, adminPort, secret, dir }: GivenDrachtio): Promise<LabProcess> {
  mkdirSync(dir, { recursive: true })
  const sip = `sip:${host}:${port}`
  const settings = `<drachtio><admin port="${adminPort}" secret="${secret}">127.0.0.1</admin>
<sip><contacts><contact>${sip};transport=udp,tcp</contact></contacts><udp-mtu>4096</udp-mtu></sip>
<logging><console/><loglevel>${process.env['DRACHTIO_LOG'] ?? 'notice'}</loglevel><sofia-loglevel>3</sofia-loglevel></logging></drachtio>
`
  const file = join(dir, 'drachtio.conf.xml')
  writeFileSync(file, settings, { mode: 0o600 })
  const double = [process.execPath, join(import.meta.dirname, 'drachtio/main.ts'), '--host', host, '--port', String(port), '--admin-port', String(adminPort), '--secret', secret]
  const started = await startOnHost({ name: 'drachtio', command: drachtioBin ? [drachtioBin, '-f', file] : double, logFile: join(dir, 'drachtio.log') })
  await untilReady(started, () => reachable(adminPort), 15_000)
  return started
}

async function reachable(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('connect', () => resolve(true))
  socket.on('error', () => resolve(false))
  const found = await promise
  socket.destroy()
  return found
}
