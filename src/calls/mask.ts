/** A telephone number for the log: `138****1234`. Numbers too short to hide anything in are hidden whole. */
export function maskNumber(number: string, mode: 'masked' | 'full'): string {
  if (mode === 'full') return number
  return number.length < 8 ? '*'.repeat(number.length) : `${number.slice(0, 3)}****${number.slice(-4)}`
}
