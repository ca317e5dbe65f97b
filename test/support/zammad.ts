import { startZammadDouble, type ZammadDouble } from './zammad-double.ts'

export interface GivenZammad {
  /** `real` where TANDEM_ZAMMAD_URL names one, with TANDEM_ZAMMAD_TOKEN of the user `tandem` and TANDEM_ZAMMAD_AGENT_TOKEN of a person; else `double`. */
  readonly which: 'real' | 'double'
  readonly url: string
  /** Of the user `tandem`. */
  readonly token: string
  /** Only of the double. */
  readonly double?: ZammadDouble
  /** As Tandem's user, or as a person there. @param path below `/api/v1` @throws Error with what Zammad refuses */
  ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, as?: 'tandem' | 'agent'): Promise<unknown>
  close(): Promise<void>
}

const usual = { tandem: 'tandem-token-0000', agent: 'agent-token-00000' }

/** The one that the environment names, or a double. The run says which. */
export async function givenZammad(): Promise<GivenZammad> {
  const { TANDEM_ZAMMAD_URL: named, TANDEM_ZAMMAD_TOKEN = '', TANDEM_ZAMMAD_AGENT_TOKEN = '' } = process.env
  const double = named === undefined ? await startZammadDouble(usual) : undefined
  const url = named ?? double?.url ?? ''
  const tokens = double ? usual : { tandem: TANDEM_ZAMMAD_TOKEN, agent: TANDEM_ZAMMAD_AGENT_TOKEN }
  process.stderr.write(`Zammad: ${double ? 'a double; TANDEM_ZAMMAD_URL names no real one' : `the real one at ${url}`}\n`)
  return {
    which: double ? 'double' : 'real',
    url,
    token: tokens.tandem,
    ...(double ? { double } : {}),
    async ask(method, path, body, as = 'tandem') {
      const response = await fetch(`${url}/api/v1${path}`, { method, headers: { authorization: `Token token=${tokens[as]}`, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) })
      const text = await response.text()
      if (!response.ok) throw new Error(`${response.status} ${text}`)
      return JSON.parse(text) as unknown
    },
    close: async () => double?.close(),
  }
}
