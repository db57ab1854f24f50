import type { Client } from 'urql'
import { graphql } from '../../gql'
import type { PatientFilter } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { isJson, textAt } from '../../lib/fhir'
import { readPatientSearch } from '../../lib/patient-search'
import { patientName } from '../clinical/person'
import type { Term } from './catalog'

const FindPractitioners = graphql(`
  query FindPractitioners($search: String!) { practitioners(search: $search, first: 12) { nodes { id names { display } identifiers { value } qualifications { code { text } } } } }
`)
const FindOrganizations = graphql(`
  query FindOrganizations($query: String!) { search(type: "Organization", query: $query, first: 12) { nodes { id fhir } } }
`)
const FindPatients = graphql(`
  query FindPatients($filter: PatientFilter!) { patients(filter: $filter, first: 8) { nodes { id mrn birthDate name { display family given prefix } } } }
`)

/** Patients by name, number or birth date; `only`: what else must be true of them. */
export async function findPatients(client: Client, search: string, only?: PatientFilter): Promise<Term[]> {
  const { data } = await client.query(FindPatients, { filter: { ...readPatientSearch(search).filter, ...only } }).toPromise()
  return (data?.patients.nodes ?? []).map((p) => ({ id: p.id, codings: [], text: patientLine(p) }))
}
/** Those of whom no death is recorded: for what can only begin with the living. */
export const findLiving = (client: Client, search: string): Promise<Term[]> => findPatients(client, search, { deceased: false })
/** A patient in a list of which one is chosen. */
export const patientLine = (p: { name?: Parameters<typeof patientName>[0]; birthDate?: string | null; mrn?: string | null }): string =>
  `${patientName(p.name)}, ${p.birthDate ? `born ${formatDay(p.birthDate)}` : 'birth date not recorded'}, MRN ${p.mrn ?? 'not recorded'}`

/** Of two with one name the second carries its number too, so that each can be chosen. */
function apart(found: readonly { id: string; name: string; mark: string }[]): Term[] {
  return found.map(({ id, name, mark }, i) => ({ id, codings: [], text: found.findIndex((f) => f.name === name) === i ? name : `${name} (${mark})` }))
}

/** Clinicians by name. */
export async function findPractitioners(client: Client, search: string): Promise<Term[]> {
  const { data } = await client.query(FindPractitioners, { search }).toPromise()
  return apart((data?.practitioners.nodes ?? []).map((p) => ({ id: p.id, name: p.names[0]?.display ?? 'Name not recorded', mark: p.identifiers[0]?.value ?? p.id })))
}

/** Houses, by name. */
export async function findHouses(client: Client, search: string): Promise<Term[]> {
  const { data } = await client.query(FindOrganizations, { query: `name=${encodeURIComponent(search)}&_sort=name` }).toPromise()
  return apart((data?.search.nodes ?? []).map((o) => ({ id: o.id, name: (isJson(o.fhir) && textAt(o.fhir, 'name')) || 'Name not recorded', mark: o.id })))
}

/** Who may be told of something: clinicians and houses, by name. */
export async function findRecipients(client: Client, search: string): Promise<Term[]> {
  const [people, houses] = await Promise.all([findPractitioners(client, search), findHouses(client, search)])
  return [...people, ...houses]
}
