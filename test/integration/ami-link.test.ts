import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AmiError } from '../../src/asterisk/ami-error.ts'
import { AmiLink } from '../../src/asterisk/ami-link.ts'
import type { Config } from '../../src/config/schema.ts'
import type { LabAsterisk } from '../../src/lab/asterisk.ts'
import { eventually } from '../../src/lab/eventually.ts'
import { stopAll } from '../../src/lab/process.ts'
import { type GivenAsterisk, givenAsterisk } from '../support/given-asterisk.ts'

const links: AmiLink[] = []

function linkTo(config: Config['asterisk']): AmiLink {
  const link = new AmiLink(config, pino({ level: 'silent' }))
  links.push(link)
  link.start()
  return link
}

async function refusal(request: Promise<unknown>): Promise<AmiError> {
  try {
    await request
  } catch (error) {
    if (error instanceof AmiError) return error
    throw error
  }
  throw new Error('it was not refused')
}

const setvar = (Variable: string, Value: string, more: object = {}) => ({ Action: 'Setvar', Variable, Value, ...more })

describe('AMI of Asterisk', () => {
  let given: GivenAsterisk
  let asterisk: LabAsterisk
  let link: AmiLink

  beforeAll(async () => {
    given = await givenAsterisk({ name: 'integration-ami' })
    link = linkTo(given.config.asterisk)
  }, 60_000)
  afterAll(async () => {
    for (const open of links) open.close()
    await stopAll()
  })

  it('is connected to when it comes; until then nothing is sent', async () => {
    expect(await refusal(link.request(setvar('LINK', 'before')))).toMatchObject({ action: 'Setvar', verdict: 'retry' })
    asterisk = await given.start()
    await eventually(() => link.up, Boolean)
    await link.request(setvar('LINK', 'one'), setvar('LINK', 'two'))
    expect(await asterisk.rx('dialplan show globals')).toContain('LINK=two')
  })

  it('refuses with its reason; the actions beside the refused one are done', async () => {
    const refused = await refusal(link.request(setvar('X', '1', { Channel: 'PJSIP/nobody-00000000' }), setvar('AFTER', 'done')))
    expect(refused).toMatchObject({ verdict: 'give-up', message: expect.stringContaining('No such channel') as string })
    expect(await asterisk.rx('dialplan show globals')).toContain('AFTER=done')
  })

  it('gets no value that would go over the end of its line', async () => {
    expect(await refusal(link.request(setvar('X', 'a\r\nAction: Logoff')))).toMatchObject({ verdict: 'give-up' })
    expect(link.up).toBe(true)
  })

  it('lets nobody in with a wrong password', async () => {
    const stranger = linkTo({ ...given.config.asterisk, amiPassword: 'wrong-password-000' })
    const log = join(given.dir, 'asterisk/log/messages.log')
    await eventually(() => readFileSync(log, 'utf8'), (text) => text.includes("failed to authenticate as 'tandem'"))
    expect(await refusal(stranger.request(setvar('STRANGER', 'was here')))).toMatchObject({ verdict: 'retry' })
    expect(await asterisk.rx('dialplan show globals')).not.toContain('STRANGER')
  })

  it('is connected to again after its end', async () => {
    await asterisk.stop()
    await eventually(() => link.up, (up) => !up)
    asterisk = await given.start()
    await eventually(() => link.up, Boolean)
    await link.request(setvar('LINK', 'again'))
    expect(await asterisk.rx('dialplan show globals')).toContain('LINK=again')
  })
})

describe('an AMI that stops answering', () => {
  let server: Server
  let sockets: Socket[] = []

  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    sockets = []
  })

  it('is cut off: what was asked may have been done', async () => {
    server = createServer((socket) => {
      sockets.push(socket)
      socket.write('Asterisk Call Manager/9.0.0\r\n')
      // It lets us in, in two pieces, and says nothing more.
      socket.once('data', (text: Buffer) => {
        const id = /ActionID: (\d+)/.exec(text.toString())?.[1] ?? ''
        socket.write(`Response: Success\r\nActio`)
        setImmediate(() => socket.write(`nID: ${id}\r\nMessage: Authentication accepted\r\n\r\n`))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const link = linkTo({ host: '127.0.0.1', amiPort: (server.address() as AddressInfo).port, username: 'u', amiPassword: 'p' } as Config['asterisk'])
    await eventually(() => link.up, Boolean)
    expect(await refusal(link.request(setvar('X', '1')))).toMatchObject({ verdict: 'unknown' })
    expect(link.up).toBe(false)
    link.close()
  })
})
