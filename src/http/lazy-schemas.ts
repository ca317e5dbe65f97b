import AjvCompiler from '@fastify/ajv-compiler'
import SerializerSelector from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/** What a schema is compiled to; a validator leaves in `errors` what it found last. */
interface Compiled {
  (data: unknown): unknown
  errors?: unknown
}
/** As Fastify calls a compiler: once with the shared schemas and its options, then with each route's definitions. */
type Compiler = (shared: unknown, options: unknown) => (definition: unknown) => Compiled

/** Between two schemas, each of which takes some ms. */
const pauseMs = 20

/** Fastify's own compilers, which compile a schema when it is first used instead of all at the start: calls may be waiting for the service. */
export class LazySchemas {
  readonly #uncompiled: (() => unknown)[] = []

  get compilersFactory(): CompilersFactory {
    const [validators, serializers] = [AjvCompiler(), SerializerSelector()] as unknown as readonly [Compiler, Compiler]
    return { buildValidator: this.#lazily(validators), buildSerializer: this.#lazily(serializers) } as unknown as CompilersFactory
  }

  /**
   * Compiles what has not been used yet, one schema after the other, and lets everything else come between.
   * @param onFault told of a schema that cannot be compiled: its route fails, and nothing else
   */
  compileAll(onFault: (error: unknown) => void): void {
    const compile = this.#uncompiled.shift()
    if (!compile) return
    try {
      compile()
    } catch (error) {
      onFault(error)
    }
    setTimeout(() => this.compileAll(onFault), pauseMs).unref()
  }

  #lazily(compiler: Compiler): Compiler {
    return (shared, options) => {
      const compile = once(() => compiler(shared, options))
      return (definition) => {
        const compiled = once(() => compile()(definition))
        this.#uncompiled.push(compiled)
        const lazy: Compiled = (data) => {
          const result = compiled()(data)
          lazy.errors = compiled().errors
          return result
        }
        return lazy
      }
    }
  }
}

function once<T>(make: () => T): () => T {
  const made: { value?: T } = {}
  return () => (made.value ??= make())
}
