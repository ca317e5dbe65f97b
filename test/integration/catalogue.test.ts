import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { projectDir } from '../../src/lab/paths.ts'
import { annex } from '../../src/matters/annex.ts'
import { fromCsv, toCsv } from '../../src/matters/catalogue-file.ts'
import type { Recommendation } from '../../src/recommendation/recommender.ts'
import { type GivenHttp, givenHttp, keys, newJournalPath, withKey } from '../support/given-http.ts'

const umbrella = { list: 2, category: '公共设施类', item: '共享雨伞损坏', scope: '对共享雨伞损坏的反映', phrases: ['借不出伞'] } as const
const matters = [
  { id: 'L2-02', list: 2, category: '公共设施类', item: '路灯故障', score: 0.6, words: [] },
  { id: 'L2-01', list: 2, category: '公共设施类', item: '井盖缺失', score: 0.3, words: [] },
] satisfies Recommendation['matters']

let path: string
let given: GivenHttp

beforeEach(async () => {
  path = newJournalPath()
  given = await givenHttp({ path, recommendation: { platform: '12345', emergency: false, matters } })
})
afterEach(async () => {
  await given.close()
  rmSync(dirname(path), { recursive: true })
})

const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: object) => {
  const answer = await given.http.inject({ method, url, headers: withKey, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
}
const rowsOf = async (query = '') => (await ask('GET', `/v1/catalogue${query}`)).body['rows'] as readonly { readonly id: string }[]
const versions = async () => (await ask('GET', '/v1/catalogue/versions')).body['items']

it('a row is added, changed and retired while the service runs; every version stays as it was, also after a restart', async () => {
  expect(await ask('PUT', '/v1/catalogue/matters/L2-72', umbrella)).toEqual({ status: 200, body: { version: 2, added: ['L2-72'], changed: [] } })
  expect(await ask('PUT', '/v1/catalogue/matters/L2-72', { ...umbrella, scope: '对共享雨伞的反映' })).toEqual({ status: 200, body: { version: 3, added: [], changed: ['L2-72'] } })
  expect(await ask('DELETE', '/v1/catalogue/matters/L2-02')).toEqual({ status: 200, body: { version: 4, added: [], changed: ['L2-02'] } })
  await given.close()
  given = await givenHttp({ path })
  expect(await rowsOf('?version=1')).toEqual(annex)
  expect((await rowsOf('?version=2')).at(-1)).toEqual({ id: 'L2-72', ...umbrella })
  expect((await rowsOf('?version=3')).at(-1)).toMatchObject({ scope: '对共享雨伞的反映' })
  expect((await rowsOf()).find(({ id }) => id === 'L2-02')).toMatchObject({ item: '路灯故障', validUntil: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/u) })
  expect(await versions()).toEqual([
    { version: 4, at: expect.any(String), by: 'desk', added: [], changed: ['L2-02'] },
    { version: 3, at: expect.any(String), by: 'desk', added: [], changed: ['L2-72'] },
    { version: 2, at: expect.any(String), by: 'desk', added: ['L2-72'], changed: [] },
    { version: 1, at: '2023-04-14T00:00:00.000Z', by: '启政办发〔2023〕18号', added: expect.arrayContaining(['L1-01', 'L2-71', 'k-dog']), changed: [] },
  ])
})

it('what is retired is recommended no more', async () => {
  const recommended = async () => (await ask('POST', '/v1/recommendations', { text: '灯不亮', at: '12345' })).body
  expect(await recommended()).toMatchObject({ catalogueVersion: 1, matters: [{ item: '路灯故障' }, { item: '井盖缺失' }] })
  await ask('DELETE', '/v1/catalogue/matters/L2-02')
  expect(await recommended()).toMatchObject({ catalogueVersion: 2, matters: [{ item: '井盖缺失' }] })
})

it('a change for a version that is no more the newest is refused; the same change again changes nothing', async () => {
  expect(await ask('PUT', '/v1/catalogue/matters/L2-72', { ...umbrella, expected: 1 })).toMatchObject({ status: 200 })
  expect(await ask('PUT', '/v1/catalogue/matters/L2-72', { ...umbrella, item: '雨伞', expected: 1 })).toMatchObject({ status: 409, body: { code: 'catalogue-stale' } })
  expect(await ask('PUT', '/v1/catalogue/matters/L2-72', umbrella)).toEqual({ status: 200, body: { version: 2, added: [], changed: [] } })
})

it('an import with faults names each, and takes nothing', async () => {
  const wrong = { rows: [{ id: 'L2-72', ...umbrella }, { id: 'L2-73', ...umbrella, item: '' }, { id: 'L2-74', ...umbrella, validFrom: 'soon' }], knowledge: [{ id: 'k-x', matters: ['L9-99'], question: '问', answer: '答' }] }
  const { status, body } = await ask('POST', '/v1/catalogue/imports', wrong)
  expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'invalid-request' })
  expect(body['errors']).toEqual([
    { path: '/body/rows/1/item', reason: 'it is empty' },
    { path: '/body/rows/2/validFrom', reason: 'not a day, as 2023-04-14' },
    { path: '/body/knowledge/0/matters', reason: 'there is no row L9-99' },
  ])
  expect(await rowsOf()).toEqual(annex)
})

it('knowledge: found by what a citizen asks and by matter; added, changed, retired', async () => {
  const found = async (query: string) => (await ask('GET', `/v1/knowledge${query}`)).body['items'] as readonly { readonly id: string }[]
  expect((await found(`?q=${encodeURIComponent('我的身份证掉了，要去哪补')}`))[0]).toMatchObject({ id: 'k-id-card-lost' })
  expect((await found('?matter=L1-11')).map(({ id }) => id)).toEqual(['k-dog'])
  const entry = { matters: ['L1-11'], question: '养犬登记要钱吗？', answer: '不收费。' }
  expect(await ask('PUT', '/v1/knowledge/k-dog-fee', entry)).toEqual({ status: 200, body: { version: 2, added: ['k-dog-fee'], changed: [] } })
  expect((await found(`?q=${encodeURIComponent('登记收费吗')}`))[0]).toEqual({ id: 'k-dog-fee', ...entry })
  await ask('DELETE', '/v1/knowledge/k-dog-fee')
  expect((await found('?matter=L1-11')).map(({ id }) => id)).toEqual(['k-dog'])
  expect(await found(`?q=${encodeURIComponent('🙂')}`)).toEqual([])
})

it('a hand-over names the version that its matter is of', async () => {
  given.control.talk('1001')
  await ask('PUT', '/v1/catalogue/matters/L2-72', umbrella)
  const matter = { category: '公共设施类', item: '共享雨伞损坏' }
  expect((await ask('POST', '/v1/handovers', { agent: '1001', mode: 'transfer', matter })).body).toMatchObject({ handover: { matter: { ...matter, catalogueVersion: 2 } } })
})

it('tandem catalogue exports for a spreadsheet, and imports what comes back; a fault is told by its line', async () => {
  const address = await given.http.listen({ host: '127.0.0.1', port: 0 })
  const tandem = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(projectDir, 'src/cli/tandem.ts'), 'catalogue', ...args], { env: { ...process.env, TANDEM: address, TANDEM_API_KEY: keys.desk } })
    const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>])
    return { status, out, err }
  }
  const file = join(dirname(path), 'catalogue.csv')
  writeFileSync(file, toCsv([...fromCsv((await tandem('export', '--csv')).out).rows, { id: 'L2-72', ...umbrella }]))
  expect(await tandem('import', file)).toEqual({ status: 0, out: 'version 2: 1 added, 0 changed\n', err: '' })
  expect((await rowsOf()).at(-1)).toEqual({ id: 'L2-72', ...umbrella })
  expect(JSON.parse((await tandem('export', '--json', '--version', '1')).out)).toEqual(annex)
  expect(await tandem('import', file, '--expected', '1')).toMatchObject({ status: 1, err: expect.stringContaining('newer version') })
  expect(JSON.parse((await tandem('export', '--all')).out)).toMatchObject({ version: 2, knowledge: expect.arrayContaining([expect.objectContaining({ id: 'k-dog' })]) })
  writeFileSync(file, readFileSync(file, 'utf8').replace('共享雨伞损坏,', '=SUM(A1),'))
  expect(await tandem('import', file)).toMatchObject({ status: 1, err: expect.stringContaining('line 135: item: it begins with =') })
  writeFileSync(file, `${readFileSync(file, 'utf8')}X-73,二,a,,c,,soon,\r\n`)
  expect((await tandem('import', file)).err.match(/line \d+: \w+/gu)).toEqual(['line 135: item', 'line 136: list', 'line 136: item', 'line 136: validFrom'])
  writeFileSync(file, Buffer.from([0xc2, 0xb7, 0xb5, 0xc6, 0x0a]))
  expect(await tandem('import', file)).toMatchObject({ status: 2, err: expect.stringContaining('not UTF-8: save it as “CSV UTF-8”') })
})
