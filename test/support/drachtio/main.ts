import { parseArgs } from 'node:util'
import { DrachtioDouble } from './stack.ts'

/** A program of its own, so that it can be killed, frozen and measured as the real one. */
const { values } = parseArgs({ options: { host: { type: 'string', default: '' }, port: { type: 'string', default: '' }, 'admin-port': { type: 'string', default: '' }, secret: { type: 'string', default: '' } } })
await new DrachtioDouble({ host: values.host, port: Number(values.port), adminPort: Number(values['admin-port']), secret: values.secret }).start()
process.stdout.write('ready\n')
