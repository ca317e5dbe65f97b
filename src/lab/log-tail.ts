import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const chunk = 16_384

/** @returns the last `lines` lines of a text file, or a remark that there is none; never throws */
export function logTail(file: string, lines = 15): string {
  try {
    const fd = openSync(file, 'r')
    try {
      const { size } = fstatSync(fd)
      const buffer = Buffer.alloc(Math.min(size, chunk))
      readSync(fd, buffer, 0, buffer.length, size - buffer.length)
      return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    // The tail decorates another error, which must not be hidden by this one.
    return `(${file} could not be read: ${String(error)})`
  }
}
