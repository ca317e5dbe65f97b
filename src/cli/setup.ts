import { ensurePrompts } from '../lab/prompts.ts'
import { ensureRoot, type Root } from '../lab/root.ts'

/**
 * Everything that a fresh clone needs, once its dependencies are there; a second time it takes a fraction of a second.
 * @param say told in a line what is being done
 * @throws Error that says what is to be done
 */
export async function setUp(say: (line: string) => void): Promise<Root> {
  const root = await ensureRoot(say)
  await ensurePrompts(say)
  say(`versions: ${Object.entries(root.versions).map(([name, version]) => `${name} ${version}`).join(', ')}`)
  return root
}

/** Progress for people; standard output is left to results. */
export const sayOnStderr = (line: string): void => void process.stderr.write(`tandem: ${line}\n`)

if (import.meta.main) {
  try {
    await setUp(sayOnStderr)
  } catch (error) {
    sayOnStderr(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
