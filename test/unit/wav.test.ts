import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encodeWav, parseWav, sine, WavFormatError, writeToneWav } from '../../src/lab/wav.ts'

const dataLengthAt = 40

describe('parseWav', () => {
  test('reads back what encodeWav wrote', () => {
    const samples = Int16Array.of(0, 1, -1, 32767, -32768)
    expect(parseWav(encodeWav(samples, 8000))).toEqual({ sampleRate: 8000, channels: 1, samples })
  })

  test.each([
    ['zero, as baresip leaves it until it closes the file', 0],
    ['past the end, as a pipe leaves it', 0x7fff_ffff],
  ])('takes everything to the end when the length is %s', (_, length) => {
    const file = encodeWav(Int16Array.of(5, 6, 7), 8000)
    file.writeUInt32LE(length, dataLengthAt)
    expect([...parseWav(file).samples]).toEqual([5, 6, 7])
  })

  test('leaves out half a sample at the end', () => {
    const file = encodeWav(Int16Array.of(5, 6, 7), 8000)
    expect([...parseWav(file.subarray(0, -1)).samples]).toEqual([5, 6])
  })

  test('stops at the length in the header and skips chunks that it does not know', () => {
    const file = encodeWav(Int16Array.of(5, 6), 8000)
    const unknown = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1')
    const withMore = Buffer.concat([file.subarray(0, 36), unknown, file.subarray(36), Buffer.from('trailer')])
    expect([...parseWav(withMore).samples]).toEqual([5, 6])
  })

  test('refuses what is no 16-bit PCM', () => {
    const alaw = encodeWav(Int16Array.of(1), 8000)
    alaw.writeUInt16LE(6, 20)
    expect(() => parseWav(alaw)).toThrow(WavFormatError)
    expect(() => parseWav(Buffer.from('not a wave file at all'))).toThrow(WavFormatError)
    expect(() => parseWav(encodeWav(Int16Array.of(1), 8000).subarray(0, 30))).toThrow(WavFormatError)
  })
})

test('writeToneWav writes one tone without a seam between seconds', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wav-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = join(dir, 'tone.wav')
  await writeToneWav(file, 575, 3)
  expect(parseWav(await readFile(file))).toEqual({ sampleRate: 8000, channels: 1, samples: sine(575, 3000) })
})
