import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GivenHttp, givenHttp, keys } from '../support/given-http.ts'

let given: GivenHttp
let address = ''
beforeAll(async () => {
  given = await givenHttp()
  address = await given.http.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => given.close())

const run = promisify(execFile)
async function command(args: readonly string[], key = keys.archive): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, TANDEM: address, TANDEM_API_KEY: key }
  try {
    const { stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, '../../src/cli/tandem.ts'), 'phone-config', ...args], { env })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

/** At the address where it listens here. */
const firstUrl = (lines: string): string => /http[^\s<]+/u.exec(lines)?.[0]?.replaceAll('&amp;', '&').replace(/^https?:\/\/[^/]+/u, address) ?? ''

it('prints the lines of a phone, whose URLs press its keys', async () => {
  const { code, stdout } = await command(['yealink', '1001'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^linekey\.2\.type = 27$/mu)
  expect(stdout).toMatch(/^linekey\.2\.label = 转接$/mu)
  expect(stdout).toMatch(/^linekey\.\d+\.value = \*11001$/mu)
  expect((await fetch(firstUrl(stdout))).status).toBe(200)
})

it('revokes the URLs that a phone has, and prints new ones', async () => {
  const before = firstUrl((await command(['snom', '1002'])).stdout)
  const after = firstUrl((await command(['snom', '1002', '--revoke'])).stdout)
  expect([(await fetch(before)).status, (await fetch(after)).status]).toEqual([403, 200])
})

it('says what it cannot do', async () => {
  expect(await command(['yealink', '9999'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^refused: /u) as string })
  expect(await command(['yealink', '1001'], keys.desk)).toMatchObject({ code: 1, stderr: expect.stringContaining('accounts') as string })
  expect(await command(['nokia', '1001'])).toMatchObject({ code: 2, stderr: expect.stringContaining('which phone?') as string })
})
