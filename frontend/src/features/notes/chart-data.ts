import type { Client } from 'urql'
import { noneKnown, saysNone } from '../../components/clinical/allergy'
import { placeOfTest } from '../../components/clinical/laboratory'
import { codeOf, flagsOf, ObservationRow, valueOf } from '../../components/clinical/observation'
import { placeOfSign } from '../../components/clinical/vital-signs'
import { graphql, read } from '../../gql'
import type { Interpretation, NoteDataQuery } from '../../gql/graphql'
import { formatDateTime, formatDay } from '../../lib/date'
import type { DataKind } from '../../lib/phrases'

/** Data of the chart that a note can hold: as it was when it was inserted, with the time and with the records it came from. */
const NoteData = graphql(`
  query NoteData($id: ID!) {
    patient(id: $id) {
      id
      vitals: latestResults(category: VITAL_SIGNS, first: 20) { code { text codings { system code } } observation { id ...ObservationRow } }
      labs: latestResults(category: LABORATORY, first: 20) { code { text codings { system code } } observation { id ...ObservationRow } }
      currentMedications(first: 100) { nodes { id medication { text } dosageText } pageInfo { hasNextPage } }
      conditions(filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }, first: 100) { nodes { id code { text } onsetAt verificationStatus } pageInfo { hasNextPage } }
      allergies(first: 100) { status nodes { id substance { text } clinicalStatus verificationStatus recordedAt fhir reactions { manifestations { text } } } pageInfo { hasNextPage } }
    }
  }
`)

export const DATA: readonly { kind: DataKind; name: string; placeholder: string }[] = [
  { kind: 'vitals', name: 'Vital signs', placeholder: '{{vitals.latest}}' },
  { kind: 'labs', name: 'Laboratory results', placeholder: '{{labs.latest}}' },
  { kind: 'medications', name: 'Medications', placeholder: '{{medications.current}}' },
  { kind: 'problems', name: 'Active problems', placeholder: '{{problems.active}}' },
  { kind: 'allergies', name: 'Allergies', placeholder: '{{allergies}}' },
]

export interface Snapshot { text: string; sources: string[] }

/** A text without the places that its template leaves for data of the chart; those that are open stand beside it. */
export function withoutPlaces(text: string): { text: string; open: readonly DataKind[] } {
  const open = DATA.filter((d) => text.includes(d.placeholder))
  if (open.length === 0) return { text, open: [] }
  const rest = open.reduce((left, d) => left.split(d.placeholder).join(''), text)
  return { text: rest.replace(/[ \t]*\n(?:[ \t]*\n)+/g, '\n\n').trim(), open: open.map((d) => d.kind) }
}
/** The text as the server has it: what is still open stands at its end, so that it cannot be signed. */
export const withPlaces = ({ text, open }: { text: string; open: readonly DataKind[] }): string =>
  (open.length === 0 ? text : [text.trimEnd(), ...DATA.filter((d) => open.includes(d.kind)).map((d) => d.placeholder)].filter(Boolean).join('\n\n'))
/** The text as it is read: an open place has a name. */
export const namePlaces = (text: string): string => DATA.reduce((left, d) => left.split(d.placeholder).join(`[${d.name}: not filled in]`), text)

type Chart = NonNullable<NoteDataQuery['patient']>
type Result = NonNullable<Chart['labs']>[number]

/** In words: `94 % L` reads as a unit. */
const FLAGS: Partial<Record<Interpretation, string>> = { HIGH: 'high', LOW: 'low', CRITICAL_HIGH: 'critically high', CRITICAL_LOW: 'critically low', ABNORMAL: 'abnormal', CRITICAL_ABNORMAL: 'critically abnormal', POSITIVE: 'positive' }

const result = (r: Result): string => {
  const row = read(ObservationRow, r.observation)
  const { text, unit } = valueOf(row)
  const flags = flagsOf(row).flatMap((flag) => FLAGS[flag] ?? []).join(', ')
  return `${r.code.text}: ${text}${unit ? ` ${unit}` : ''}${flags && ` (${flags})`} (${row.effectiveAt ? formatDateTime(row.effectiveAt) : 'time not recorded'})`
}
/** Vital signs and tests stand in a note as they do in their sheets. */
const PLACE = { vitals: (code: string | null) => placeOfSign(code?.split('|').at(-1) ?? ''), labs: placeOfTest }
const cut = (page: { hasNextPage: boolean }) => (page.hasNextPage ? ['More is on record than is listed here.'] : [])

/** The lines of one kind of data; null when it could not be read, which is not the same as none. */
function lines(chart: Chart, kind: DataKind): { lines: string[]; sources: string[]; none: string } | null {
  switch (kind) {
    case 'vitals': case 'labs': {
      const place = (r: Result) => PLACE[kind](codeOf(r.code))
      const found = chart[kind]?.toSorted((a, b) => place(a) - place(b))
      return found ? { lines: found.map(result), sources: found.map((r) => r.observation.id), none: 'None on record.' } : null
    }
    case 'medications': {
      const found = chart.currentMedications
      return found && { lines: [...found.nodes.map((m) => `${m.medication?.text ?? 'Not named'} – ${m.dosageText ?? 'dose not recorded'}`), ...cut(found.pageInfo)], sources: found.nodes.map((m) => m.id), none: 'No current medication on record.' }
    }
    case 'problems': {
      const found = chart.conditions
      if (!found) return null
      const real = found.nodes.filter((c) => c.verificationStatus !== 'ENTERED_IN_ERROR' && c.verificationStatus !== 'REFUTED')
      return { lines: [...real.map((c) => `${c.code?.text ?? 'Not named'}${c.onsetAt ? `, since ${formatDay(c.onsetAt)}` : ''}`), ...cut(found.pageInfo)], sources: real.map((c) => c.id), none: 'No active problem on record.' }
    }
    case 'allergies': {
      const found = chart.allergies
      if (!found) return null
      const real = found.nodes.filter((a) => a.clinicalStatus === 'ACTIVE' && a.verificationStatus !== 'ENTERED_IN_ERROR' && a.verificationStatus !== 'REFUTED')
      const present = found.status === 'KNOWN' ? real.filter((a) => !saysNone(a.fhir)) : []
      // That none of a kind is known is no allergy, and none of all: it is told as it was said, behind them.
      const stated = found.status === 'KNOWN' ? real.filter((a) => saysNone(a.fhir)) : found.status === 'NONE_KNOWN' ? real : []
      const reactions = (a: (typeof real)[number]) => a.reactions.flatMap((r) => r.manifestations.map((m) => m.text)).join(', ')
      const none = found.status === 'KNOWN' ? 'No active allergy on record.' : found.status === 'NONE_KNOWN' ? noneKnown([]) : 'Not recorded'
      return {
        lines: [...present.map((a) => `${a.substance?.text ?? 'Not named'}${reactions(a) ? ` – ${reactions(a)}` : ''}`), ...stated.map((a) => noneKnown([a])), ...cut(found.pageInfo)],
        sources: [...present, ...stated].map((a) => a.id), none,
      }
    }
  }
}

/** One kind of data as text, under a line that says what it is and when it was inserted. */
export function snapshot(chart: Chart, kind: DataKind, now: string): Snapshot | null {
  const found = lines(chart, kind)
  if (!found) return null
  const head = `${DATA.find((d) => d.kind === kind)?.name ?? ''} on record at ${formatDateTime(now)}:`
  return { text: [head, ...(found.lines.length > 0 ? found.lines.map((l) => `- ${l}`) : [found.none])].join('\n'), sources: found.sources }
}

/** What the chart says now, in kinds. A kind that is missing could not be read, or may not be seen. */
export async function readChartData(client: Client, patient: string): Promise<Map<DataKind, Snapshot> | null> {
  const { data } = await client.query(NoteData, { id: patient }, { requestPolicy: 'network-only' }).toPromise()
  const chart = data?.patient
  if (!chart) return null
  const now = new Date().toISOString()
  return new Map(DATA.flatMap(({ kind }) => { const made = snapshot(chart, kind, now); return made ? [[kind, made] as const] : [] }))
}
