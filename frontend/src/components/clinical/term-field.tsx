import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useId } from 'react'
import { useQuery } from 'urql'
import { graphql } from '../../gql'
import type { AllergyCategory, CatalogKind, ConceptInput } from '../../gql/graphql'
import { Field } from '../form/fields'

const Catalog = graphql(`
  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 20) { text category codings { system code display } } }
`)

/** What was chosen or written: with codes when it is a term of the list, else in words. */
export interface Term { text: string; concept: ConceptInput; category: AllergyCategory | null }
export const NO_TERM: Term = { text: '', concept: {}, category: null }

const SYSTEMS: Readonly<Record<string, string>> = { 'http://snomed.info/sct': 'SNOMED CT', 'http://hl7.org/fhir/sid/icd-10-cm': 'ICD-10-CM', 'http://hl7.org/fhir/sid/cvx': 'CVX' }

/** Text with suggestions of terms that have codes. What is none of them is kept in words, and the field says so. */
export function TermField({ label, kind, value, onChange, required, wrong }: { label: string; kind: CatalogKind; value: Term; onChange: (value: Term) => void; required?: boolean; wrong?: string }) {
  const list = useId()
  const search = value.text.trim()
  const [{ data }] = useQuery({ query: Catalog, variables: { kind, search }, pause: search === '' })
  const found = search ? data?.catalog ?? [] : []
  const write = (text: string) => {
    const term = found.find((one) => one.text.toLowerCase() === text.trim().toLowerCase())
    onChange(term
      ? { text, category: term.category ?? null, concept: { text: term.text, codings: term.codings.flatMap((c) => (c.system && c.code ? [{ system: c.system, code: c.code, display: c.display ?? null }] : [])) } }
      : { text, category: null, concept: { text } })
  }
  const exact = found.find((one) => one.text.toLowerCase() === search.toLowerCase())
  // A term that is typed in full is that term, whether its suggestion came before or after the last letter.
  const late = exact && !value.concept.codings
  useEffect(() => { if (late) write(value.text) })
  const codes = value.concept.codings?.map((c) => `${SYSTEMS[c.system] ?? c.system} ${c.code}`).join(' · ')
  return (
    <Field label={label} wrong={wrong} hint={codes ?? (search ? 'In words, without a code' : 'Type to choose from the list, or write it in words')}>
      {(ids) => (
        <>
          <OutlinedInput id={ids.id} fullWidth size="small" required={required} value={value.text} error={!!wrong} onChange={(e) => write(e.target.value)}
            inputProps={{ 'aria-describedby': ids['aria-describedby'], list, autoComplete: 'off' }} />
          <datalist id={list}>{found.map((one) => <option key={one.text} value={one.text}>{one.text}</option>)}</datalist>
        </>
      )}
    </Field>
  )
}
