import { eventually } from '../../src/lab/eventually.ts'
import type { Stack } from '../../src/lab/stack.ts'
import type { AriProxy } from './ari-proxy.ts'

export interface Fault {
  begin(): Promise<void>
  /** Resolves when the service has every call in its hands again. */
  end(): Promise<void>
}

const health = (stack: Stack, ok: boolean) => eventually(async () => (await stack.api.get<{ ok: boolean }>('/v1/health')).body.ok, (now) => now === ok, 20_000)

/** What may become of the service, or of its way to Asterisk. */
export const faults: Readonly<Record<string, (stack: Stack, proxy: AriProxy) => Fault>> = {
  'is killed': (stack) => ({
    begin: async () => {
      stack.service.kill('SIGKILL')
      await stack.service.exited
    },
    end: () => stack.startService(),
  }),
  'is frozen': (stack) => ({
    begin: () => Promise.resolve(stack.service.kill('SIGSTOP')),
    end: async () => {
      stack.service.kill('SIGCONT')
      await health(stack, true)
    },
  }),
  'loses Redis': (stack) => ({
    begin: () => stack.redis.kill(),
    end: () => stack.redis.start(),
  }),
  'loses its socket': (stack, proxy) => ({
    begin: async () => {
      proxy.cut()
      await health(stack, false)
    },
    end: async () => {
      proxy.mend()
      await health(stack, true)
    },
  }),
}
