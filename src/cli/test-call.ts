import type { TestCall } from '../domain/test-call.ts'
import { post, type Service } from './service-client.ts'

const steps = { dial: 'INVITE sent', ring: 'ringing', answer: 'answered', heard: 'first sound', echoed: 'echo recognised' } as const

/** `tandem test-call <platform>`. @returns the exit status: 0 the path works, 1 it does not, 2 it was not tried @throws ServiceError */
export async function testCall(service: Service, platform: string, json: boolean): Promise<number> {
  const { status, body } = await post(service, '/v1/test-calls', { platform })
  const result = body['testCall'] as TestCall | undefined
  if (status !== 200 || !result) {
    const { code, title } = body as { code?: string; title?: string }
    process.stdout.write(json ? `${JSON.stringify({ ok: false, problem: body })}\n` : `not tried: ${title ?? `the answer was ${status}`}${code === undefined ? '' : ` (${code})`}\n`)
    return 2
  }
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : linesOf(result))
  return result.ok ? 0 : 1
}

function linesOf({ platform, endpoint, number, expect, clock, packets, failure }: TestCall): string {
  const where = number === undefined ? endpoint : `${number} on ${endpoint}`
  const times = (Object.keys(steps) as (keyof typeof steps)[])
    .filter((step) => step !== 'echoed' || expect === 'echo')
    .map((step) => `  ${steps[step].padEnd(16)}${(clock[step]?.toFixed(1) ?? '-').padStart(9)}${clock[step] === undefined ? '' : ' ms'}`)
  const rtp = packets ? [`  ${'RTP packets'.padEnd(16)}${String(packets.sent).padStart(9)} sent, ${packets.received} received`] : []
  const works = expect === 'echo' ? 'works: our tone came back, there is audio both ways' : 'works as far as it can be heard here: whether we are heard there is not known'
  const code = failure?.sipCode === undefined ? '' : ` (SIP ${failure.sipCode})`
  return [`${platform}: ${where}`, ...times, ...rtp, `The path ${failure ? `does NOT work: ${failure.reason}${code}` : works}.`, ''].join('\n')
}
