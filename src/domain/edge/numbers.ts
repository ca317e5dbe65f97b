/** Telephone numbers as networks write them, and one canonical form: E.164 with its plus, or a short code as it is. Pure. */

/** How numbers are written on a trunk: `+8651312345678`; `051312345678` and `13800001234`; the same without the own area code. */
export const numberForms = ['e164', 'national', 'local'] as const
export type NumberForm = (typeof numberForms)[number]

export interface NumberingPlan {
  /** Country code (E.164), as `86`. */
  readonly country: string
  /** The own area, without the leading 0, as `513`. */
  readonly area: string
}

/** 110, 12345, 95598: no subscriber’s number begins with a 1 or 9 and has so few digits. */
const shortCode = /^[19][0-9]{2,5}$/
const mobile = /^1[3-9][0-9]{9}$/
const subscriber = /^[2-8][0-9]{6,7}$/

/**
 * @param text as it was signalled: digits behind a plus, 00 or 0, or neither; separators are left out
 * @returns `+` and digits, or the digits of a short code; what fits no form of the plan as it is; undefined when it is no number
 */
export function canonicalNumber(text: string, { country, area }: NumberingPlan): string | undefined {
  const digits = text.replace(/[-. ()]/g, '')
  if (!/^\+?[0-9]{2,20}$/.test(digits)) return undefined
  const national = (rest: string): string => (rest.startsWith(area) && shortCode.test(rest.slice(area.length)) ? rest.slice(area.length) : `+${country}${rest}`)
  const international = (rest: string): string => (rest.startsWith(country) ? national(rest.slice(country.length)) : `+${rest}`)
  if (digits.startsWith('+')) return international(digits.slice(1))
  if (digits.startsWith('00')) return international(digits.slice(2))
  if (shortCode.test(digits)) return digits
  // With the 0 before another area’s mobile too, as some exchanges dial it.
  if (digits.startsWith('0')) return national(digits.slice(1))
  if (mobile.test(digits)) return `+${country}${digits}`
  if (subscriber.test(digits)) return `+${country}${area}${digits}`
  if (digits.startsWith(country) && digits.length >= country.length + 10) return international(digits)
  return digits
}

/** @param canonical of `canonicalNumber` */
export function numberAs(form: NumberForm, canonical: string, { country, area }: NumberingPlan): string {
  if (!canonical.startsWith('+') || form === 'e164') return canonical
  if (!canonical.startsWith(`+${country}`)) return `00${canonical.slice(1)}`
  const rest = canonical.slice(1 + country.length)
  if (mobile.test(rest)) return rest
  return form === 'local' && rest.startsWith(area) ? rest.slice(area.length) : `0${rest}`
}
