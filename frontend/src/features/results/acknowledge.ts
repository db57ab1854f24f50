import { graphql, read, type FragmentType } from '../../gql'
import { formatDateTime } from '../../lib/date'

/** Who was the first to see the version of a result that is shown, when, and what they remarked. */
export const Acknowledged = graphql(`
  fragment Acknowledged on Acknowledgement { by { display } at notes { text } }
`)

/** `Dr Lee, 22-Nov-2026 08:10: Repeat potassium.` */
export function seenWords(of: FragmentType<typeof Acknowledged>): string {
  const { by, at, notes } = read(Acknowledged, of)
  const note = notes.map((n) => n.text).join(' ')
  return `${by?.display ?? 'Name not recorded'}, ${at ? formatDateTime(at) : 'time not recorded'}${note ? `: ${note}` : ''}`
}

const FINAL = ['FINAL', 'AMENDED', 'CORRECTED', 'APPENDED']
/** Whether a result is one that can be acknowledged; what may still change cannot. */
export const isFinal = (status: string | null | undefined): boolean => FINAL.includes(status ?? '')
