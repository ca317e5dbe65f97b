import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { callOfRecording, isOlderThan, recordingsFolder } from '../domain/recording.ts'

export interface Retention {
  /** Asterisk's recordings directory. */
  readonly directory: string
  /** Recordings of calls that began more than so many whole days ago go. */
  readonly days: number
  /** UTC ms. */
  readonly now: number
  /** Told of each file once it is gone. */
  readonly deleted: (id: string) => Promise<unknown>
}

/**
 * Deletes the files of days that are over the time: found by their names, whatever the journal knows of them.
 * @throws Error with how many could not be deleted and why the first could not; the others are gone
 */
export async function deleteOldFiles({ directory, days, now, deleted }: Retention): Promise<void> {
  const failures: unknown[] = []
  for await (const day of daysIn(join(directory, recordingsFolder))) {
    if (!isOlderThan(day, days, now)) continue
    const folder = join(directory, recordingsFolder, day)
    for (const name of await readdir(folder)) {
      const id = name.replace(/\.wav$/, '')
      if (callOfRecording(id) === undefined) continue
      try {
        await unlink(join(folder, name))
        await deleted(id)
      } catch (error) {
        // The others first; it is thrown below.
        failures.push(error)
      }
    }
    await removeEmpty(folder)
  }
  if (failures.length > 0) throw new Error(`${failures.length} old recordings could not be deleted: ${String(failures[0])}`)
}

/** `<year>/<month>/<day>`, the oldest first. */
async function* daysIn(root: string): AsyncGenerator<string> {
  for (const year of await numbersIn(root)) {
    for (const month of await numbersIn(join(root, year))) {
      for (const day of await numbersIn(join(root, year, month))) yield `${year}/${month}/${day}`
    }
  }
}

async function numbersIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[0-9]+$/.test(name)).toSorted()
  } catch (error) {
    // Nothing has been recorded yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch {
    // Something that is not ours, or could not be deleted, is in it.
  }
}
