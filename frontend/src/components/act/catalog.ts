import type { Client } from 'urql'
import { graphql } from '../../gql'
import type { AllergyCategory, CatalogKind } from '../../gql/graphql'

const Catalog = graphql(`
  query Catalog($kind: CatalogKind!, $search: String!) { catalog(kind: $kind, search: $search, first: 12) { text category codings { system code display } } }
`)

/** A code of a code system, as a mutation takes it. */
export interface Coding { system: string; code: string; display?: string }
/** A term of our own lists, or (with `id`) a record that can be named in a form. */
export interface Term { text: string; codings: readonly Coding[]; category?: AllergyCategory; id?: string }
/** Looks for records by words. */
export type Find = (client: Client, search: string) => Promise<readonly Term[]>

/** Terms whose words begin with the text; none when the server does not answer: words can always be written. */
export async function terms(client: Client, kind: CatalogKind, search: string): Promise<Term[]> {
  const { data } = await client.query(Catalog, { kind, search }).toPromise()
  return (data?.catalog ?? []).map(({ text, category, codings }) => ({
    text, category: category ?? undefined, codings: codings.flatMap((c) => (c.system && c.code ? [{ system: c.system, code: c.code, display: c.display ?? undefined }] : [])),
  }))
}

const SYSTEMS: Readonly<Record<string, string>> = { 'http://snomed.info/sct': 'SNOMED CT', 'http://hl7.org/fhir/sid/icd-10-cm': 'ICD-10-CM', 'http://hl7.org/fhir/sid/cvx': 'CVX' }
/** Codes in words: `SNOMED CT 195967001`. */
export const codesText = (codings: readonly Coding[]): string => codings.map((c) => `${SYSTEMS[c.system] ?? c.system} ${c.code}`).join(' · ')
