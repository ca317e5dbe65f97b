/** China's ringback (GB/T 3380): 450 Hz, one second of tone, four of silence. */
const toneHz = 450
const toneSec = 1
const silenceSec = 4
/** As loud as Asterisk's own tones. */
const amplitude = 7219
const rate = 8_000

/** One cadence as Asterisk plays it from a `.sln` file: 16 bits, little endian, 8 kHz, mono. */
export function ringbackSln(): Buffer {
  const samples = Buffer.alloc((toneSec + silenceSec) * rate * 2)
  for (let i = 0; i < toneSec * rate; i++) samples.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * toneHz * i) / rate)), i * 2)
  return samples
}
