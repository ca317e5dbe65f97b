import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAsterisk } from '../../src/lab/asterisk.ts'
import { runtimeDir } from '../../src/lab/paths.ts'
import { freePort } from '../../src/lab/ports.ts'
import { stopAll } from '../../src/lab/process.ts'
import { ensureRoot } from '../../src/lab/root.ts'

let dir = ''
let httpPort = 0
beforeAll(async () => {
  await ensureRoot(() => undefined)
  mkdirSync(join(runtimeDir, 'test'), { recursive: true })
  dir = mkdtempSync(join(runtimeDir, 'test/asterisk-'))
  httpPort = await freePort(8088)
}, 600_000)
afterAll(async () => {
  await stopAll()
  rmSync(dir, { recursive: true })
})

const modules = ['res_sorcery_config.so', 'res_ari.so', 'res_ari_asterisk.so', 'res_ari_model.so', 'res_stasis.so', 'res_http_websocket.so', 'res_websocket_client.so']

/** The least that answers ARI. */
function configure(name: string, extra: Readonly<Record<string, string>> = {}): string {
  const configDir = join(dir, name)
  mkdirSync(configDir, { recursive: true })
  const files = {
    'asterisk.conf': `[directories]\nastetcdir => ${configDir}\n`,
    'modules.conf': `[modules]\nautoload = no\n${modules.map((module) => `load = ${module}\n`).join('')}`,
    'http.conf': `[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = ${httpPort}\n`,
    'ari.conf': '[general]\nenabled = yes\n[lab]\ntype = user\npassword = right\n',
    'logger.conf': '[logfiles]\nconsole = notice,warning,error\n',
    ...extra,
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(configDir, file), text)
  return configDir
}

const ready = (password: string) => ({ host: '127.0.0.1', httpPort, username: 'lab', password })

test('Asterisk gets ready, answers its console, and stops', async () => {
  const configDir = configure('good')
  const asterisk = await startAsterisk({ configDir, dir: join(dir, 'good-run'), ready: ready('right') })
  expect(await asterisk.rx('core show version')).toMatch(/^Asterisk 22\./)
  expect(await asterisk.rx('module show like res_ari.so')).toContain('Running')
  await asterisk.stop()
  await expect(asterisk.rx('core show version')).rejects.toThrow(/failed: nsenter/)
  expect(await asterisk.process.exited).toEqual({ code: 0, signal: null })
})

test('Asterisk that ends instead fails with the log’s last lines', async () => {
  const configDir = configure('bad', { 'modules.conf': '[modules]\nautoload = no\nrequire = no_such_module.so\n' })
  const start = startAsterisk({ configDir, dir: join(dir, 'bad-run'), ready: ready('right') })
  await expect(start).rejects.toThrow(/asterisk ended instead of getting ready.*no_such_module/s)
})
