import { parseArgs } from 'node:util'
import { debianDirs, renderAsterisk } from '../asterisk/render.ts'
import { loadConfig } from '../config/load.ts'

/** `npm run render -- --config tandem.yaml --to DIR`: Asterisk's configuration and dialplans, from Tandem's. */
const { values } = parseArgs({
  options: { config: { type: 'string', default: process.env['TANDEM_CONFIG'] ?? 'tandem.yaml' }, to: { type: 'string' } },
})
try {
  if (values.to === undefined) throw new Error('say where to: npm run render -- --config tandem.yaml --to DIR')
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const names = renderAsterisk(loadConfig(values.config), debianDirs(arch), values.to)
  process.stdout.write(`${names.map((name) => `${values.to ?? ''}/${name}`).join('\n')}\n`)
} catch (error) {
  // The command's last word: what was wrong, and a status.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
