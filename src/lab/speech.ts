import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { runInRoot } from './run.ts'

/** The text could not be spoken; the message is what the program said. */
export class SpeechError extends Error {
  override readonly name = 'SpeechError'
}

/** espeak-ng's voices: Mandarin and English. */
export type Voice = 'cmn' | 'en'

async function run(command: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await runInRoot(command, input === undefined ? {} : { input })
  if (code !== 0) throw new SpeechError(`${command[0]}: ${stderr.trim()}`)
}

/**
 * Speaks a text into a WAV file that Asterisk plays: 8 kHz, mono, 16 bits, normalised to −3 dB.
 *
 * @param options.file below `.runtime`; its directory is made when it is not there
 * @throws SpeechError
 */
export async function speak({ text, voice, file }: { text: string; voice: Voice; file: string }): Promise<void> {
  const raw = `${file}.espeak.wav`
  await mkdir(dirname(file), { recursive: true })
  try {
    await run(['espeak-ng', '-v', voice, '-s', '150', '--stdin', '-w', raw], text)
    await run(['sox', raw, '-r', '8000', '-c', '1', '-b', '16', file, 'norm', '-3'])
  } finally {
    await rm(raw, { force: true })
  }
}
