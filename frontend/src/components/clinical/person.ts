import type { Gender } from '../../gql/graphql'

/** `FAMILY, Given (Title)`, as patients are named everywhere. */
export function patientName(name: { family?: string | null; given: readonly string[]; prefix: readonly string[]; display: string } | null | undefined): string {
  if (!name) return 'Name not recorded'
  if (!name.family) return name.display || 'Name not recorded'
  const given = name.given.join(' ')
  const title = name.prefix[0] ? ` (${name.prefix[0].replace(/\.$/, '')})` : ''
  return `${name.family.toUpperCase()}${given ? `, ${given}` : ''}${title}`
}

const GENDERS: Record<Gender, string> = { FEMALE: 'Female', MALE: 'Male', OTHER: 'Other', UNKNOWN: 'Unknown' }
export const genderText = (gender: Gender | null | undefined): string => (gender ? GENDERS[gender] : 'Not recorded')

const UNITS = { DAYS: 'd', WEEKS: 'w', MONTHS: 'm', YEARS: 'y' } as const
export const ageText = (age: { value: number; unit: keyof typeof UNITS } | null | undefined): string => (age ? `${age.value}${UNITS[age.unit]}` : '')
