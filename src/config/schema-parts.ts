/** What settings are made of. */
import { Type } from 'typebox'
import { platforms } from '../domain/handover/handover.ts'

export const strict = { additionalProperties: false } as const
/** Goes into Asterisk's files and dial strings: nothing that could end a line, a section or a value. */
export const Name = (description: string) => Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$', description })
export const Secret = (description: string) => Type.String({ pattern: '^[A-Za-z0-9_.~+/=-]{16,128}$', description })
export const Host = (description: string, value?: string) =>
  Type.String({ pattern: '^[A-Za-z0-9.:-]{1,253}$', description, ...(value === undefined ? {} : { default: value }) })
export const Port = (description: string, value: number) =>
  Type.Integer({ minimum: 1, maximum: 65535, default: value, description })
export const PhoneNumber = (description: string) => Type.String({ pattern: '^\\+?[0-9]{2,15}$', description })
export const Ms = (description: string, value: number, minimum = 100, maximum = 3_600_000) =>
  Type.Integer({ minimum, maximum, default: value, description })
export const PlatformId = Type.Enum(platforms, { description: '`12345` or `110`' })
