import { expect, test } from 'vitest'
import { checkVersions } from '../../src/lab/versions.ts'

test('Asterisk 22 with Redis 7 or newer is accepted', () => {
  expect(() => checkVersions({ asterisk: '22.10.1', redis: '7.0.15' })).not.toThrow()
  expect(() => checkVersions({ asterisk: '22.11.0', redis: '10.1.0' })).not.toThrow()
})

test.each(['21.9.0', '23.0.0', '220.1.0', ''])('Asterisk %s is refused with the way out', (asterisk) => {
  expect(() => checkVersions({ asterisk, redis: '8.0.6' })).toThrow(/TANDEM_DEBIAN_MIRROR=</)
})

test('an old Redis is refused', () => {
  expect(() => checkVersions({ asterisk: '22.10.1', redis: '6.2.1' })).toThrow(/Redis 6\.2\.1/)
})
