import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectDir, rootDir } from './paths.ts'
import { runInRoot } from './run.ts'
import { speak, type Voice } from './speech.ts'

const voices: Readonly<Record<string, Voice>> = { zh_CN: 'cmn', en: 'en' }

/** Speaks the prompts that Asterisk does not have yet, into the sounds of the root directory. @throws SpeechError */
export async function ensurePrompts(say: (line: string) => void): Promise<void> {
  const texts = parse(readFileSync(join(projectDir, 'asterisk-config/prompts.yaml'), 'utf8')) as Record<string, Record<string, string>>
  for (const [name, languages] of Object.entries(texts)) {
    for (const [language, text] of Object.entries(languages)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const file = join(await soundsOf(language), 'tandem', `${name}.wav`)
      const voice = voices[language]
      if (!voice) throw new Error(`asterisk-config/prompts.yaml: ${name}: there is no voice for ${language}`)
      if (existsSync(file)) continue
      say(`speaking the prompt ${name} (${language})`)
      // oxlint-disable-next-line no-await-in-loop -- one speaks at a time
      await speak({ text, voice, file })
    }
  }
}

/** Debian links `en` to the voice that is installed, by paths that hold inside the root directory only. */
async function soundsOf(language: string): Promise<string> {
  const { stdout } = await runInRoot(['realpath', '-m', `/usr/share/asterisk/sounds/${language}`])
  return join(rootDir, stdout.trim())
}
