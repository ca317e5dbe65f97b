import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { stopAll, stopAllOnExit } from '../lab/process.ts'
import { type Stack, startStack } from '../lab/stack.ts'
import { type DemoResult, demoCall, demoTalk } from './demo-call.ts'
import { sayOnStderr, setUp } from './setup.ts'

const print = (line = ''): void => void process.stdout.write(`${line}\n`)

/** `npm run demo [-- --once] [--json] [--talk]`: set-up, then the main job on real phones. */
async function demo(): Promise<boolean> {
  const off = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ options: { once: off, json: off, talk: off } })
  stopAllOnExit()
  await setUp(sayOnStderr)
  sayOnStderr('starting Redis, Postgres, Asterisk, Tandem and a ticket receiver …')
  const stack = await startStack({ name: 'demo', usualPorts: true, ledger: true })
  sayOnStderr('registering the phones …')
  const result = await demoCall(stack, sayOnStderr)
  report(result)
  if (!values.once) printAddresses(stack)
  if (!values.once && values.talk) {
    await demoTalk(result.phones)
    print('\nA citizen talks with agent 1001: press keys by the API. 110’s phone 2001 answers after ten seconds of ringing.')
  }
  if (values.json) {
    const { handover, hears, ticket, ok } = result
    const { mode, state, clock } = handover
    print(
      JSON.stringify({
        handover: { mode, state, clock },
        hears: hears.after,
        ticket: { state: ticket.state, attempts: ticket.attempts },
        ok,
      }),
    )
  }
  if (!values.once) await new Promise(() => undefined)
  await stack.stop()
  return result.ok
}

function report({ timeline, handover, hears, ticket, ok }: DemoResult): void {
  print('\nTimeline (s since the citizen dialled)')
  for (const { at, what } of timeline) print(`  ${(at / 1000).toFixed(3).padStart(7)}  ${what}`)
  const { clock } = handover
  print('\nSplit clock (ms since the press)')
  for (const step of ['press', 'dial', 'ring', 'answer', 'joined', 'released'] as const) {
    print(`  ${step.padEnd(9)}${clock[step]?.toFixed(1).padStart(8) ?? '       -'}`)
  }
  print('\nWho hears whom (measured in the phones’ recordings)')
  print(`  ${['', 'caller', 'agent', 'peer (110)'].map((cell) => cell.padEnd(14)).join('')}`)
  for (const moment of ['before', 'during', 'after'] as const) {
    const { caller, agent, peer } = hears[moment]
    print(`  ${[moment, ...[caller, agent, peer].map((names) => names.join('+') || '-')].map((cell) => cell.padEnd(14)).join('')}`)
  }
  print('\nTicket at 110')
  const { call, handover: record } = ticket.first.payload.data
  print(`  ${ticket.first.payload.type}, signature ${ticket.first.signature}, id ${ticket.first.id}`)
  print(`  caller ${call.caller.number}, from ${record.from}, agent ${record.agent}, ${record.matter?.category ?? ''}: ${record.reason ?? ''}`)
  print(`  delivery ${ticket.state}, first ticket in ${ticket.attempts} attempt${ticket.attempts === 1 ? '' : 's'}`)
  print(`\n${ok ? 'All as it should be.' : 'NOT as it should be.'}`)
}

function printAddresses({ config, configFile, dir, receiver, api, postgres }: Stack): void {
  const { asterisk, http } = config
  print('\nUp until Ctrl-C:')
  print(`  API         ${api.address}/v1/…   (Authorization: Bearer <key>; the key is in ${configFile})`)
  print(`  to read     ${api.address}/docs   (any user, the key as password)`)
  print(`  SIP         ${asterisk.sipHost}:${asterisk.sipPort}   phones ${config.agents.map(({ id }) => id).join(', ')}`)
  print(`  ARI         http://${asterisk.host}:${asterisk.httpPort}/ari   AMI ${asterisk.host}:${asterisk.amiPort}`)
  print(`  Redis       ${config.redis.url}`)
  if (postgres) print(`  ledger      ${postgres.url}   (npm run tandem -- ledger verify --config ${configFile})`)
  print(`  tickets at  ${receiver.url}`)
  print(`  log         ${join(dir, 'tandem.log')}   (API on port ${http.port})`)
}

try {
  process.exitCode = (await demo()) ? 0 : 1
} catch (error) {
  sayOnStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
} finally {
  await stopAll()
}
process.exit()
