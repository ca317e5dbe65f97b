import { startZnunyDouble, type ZnunyDouble } from './znuny-double.ts'

export interface GivenZnuny {
  /** `real` where TANDEM_ZNUNY_URL names one, with TANDEM_ZNUNY_PASSWORD, TANDEM_ZNUNY_AGENT and TANDEM_ZNUNY_AGENT_PASSWORD; else `double`. */
  readonly which: 'real' | 'double'
  readonly url: string
  /** Of the user `tandem`. */
  readonly password: string
  /** Only of the double. */
  readonly double?: ZnunyDouble
  /** As Tandem's user, or as a person there. @throws Error with what Znuny refuses */
  ask(operation: string, data: object, as?: 'tandem' | 'agent'): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

const passwords = { tandem: 'tandem-password', agent: 'agent-password' }

/** The one that the environment names, or a double. The run says which. */
export async function givenZnuny(): Promise<GivenZnuny> {
  const { TANDEM_ZNUNY_URL: named, TANDEM_ZNUNY_PASSWORD = '', TANDEM_ZNUNY_AGENT = 'agent', TANDEM_ZNUNY_AGENT_PASSWORD = '' } = process.env
  const double = named === undefined ? await startZnunyDouble(passwords) : undefined
  const url = named ?? double?.url ?? ''
  const users = double ? { tandem: ['tandem', passwords.tandem], agent: ['agent', passwords.agent] } : { tandem: ['tandem', TANDEM_ZNUNY_PASSWORD], agent: [TANDEM_ZNUNY_AGENT, TANDEM_ZNUNY_AGENT_PASSWORD] }
  process.stderr.write(`Znuny: ${double ? 'a double; TANDEM_ZNUNY_URL names no real one' : `the real one at ${url}`}\n`)
  return {
    which: double ? 'double' : 'real',
    url,
    password: users.tandem[1] ?? '',
    ...(double ? { double } : {}),
    async ask(operation, data, as = 'tandem') {
      const [UserLogin, Password] = users[as]
      const response = await fetch(`${url}/${operation}`, { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify({ ...data, UserLogin, Password }) })
      const answer = (await response.json()) as Record<string, unknown>
      if (answer['Error']) throw new Error(JSON.stringify(answer['Error']))
      return answer
    },
    close: async () => double?.close(),
  }
}
