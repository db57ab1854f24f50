import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useState, type FormEvent } from 'react'
import { useClient } from 'urql'
import { useForms } from '../../components/act/acts'
import { patientName } from '../../components/clinical/person'
import { RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { FindToBookQuery } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { readPatientSearch } from '../../lib/patient-search'
import { useAppointmentForms } from './appointment-forms'
import css from './schedule.module.css'

const FindToBook = graphql(`
  query FindToBook($filter: PatientFilter!) { patients(filter: $filter, first: 8) { nodes { id mrn birthDate name { display family given prefix } } pageInfo { hasNextPage } } }
`)

type Found = FindToBookQuery['patients']
/** Books at any time, for a patient who is found first. */
export function Booking({ practitioner, location, people, day }: { practitioner: string; location: string; people: readonly (readonly [string, string])[]; day: string }) {
  const id = useId()
  const client = useClient()
  const forms = useAppointmentForms()
  const { open, dialog } = useForms()
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found | 'failed' | null>(null)
  const search = async (event: FormEvent) => {
    event.preventDefault()
    const { data } = await client.query(FindToBook, { filter: readPatientSearch(text).filter }, { requestPolicy: 'network-only' }).toPromise()
    setFound(data?.patients ?? 'failed')
  }
  return (
    <Section title="Book an appointment" note="Find the patient first">
      <form className={css.find} onSubmit={(e) => { void search(e) }}>
        <label htmlFor={`${id}find`}>Name, number or birth date</label>
        <OutlinedInput required value={text} onChange={(e) => setText(e.target.value)} inputProps={{ id: `${id}find`, pattern: '.*\\S.*', title: 'A name, a number or a birth date' }} />
        <Button type="submit" variant="outlined">Find</Button>
      </form>
      {found === 'failed' && <NotLoaded what="Patients" onRetry={() => setFound(null)} />}
      {found && found !== 'failed' && (found.nodes.length === 0 ? <Empty>No patient like that is on record.</Empty> : (
        <RecordTable label="Patients found" columns={['Patient', 'Born', 'MRN', 'Acts']}>
          {found.nodes.map((p) => (
            <tr key={p.id}>
              <th scope="row">{patientName(p.name)}</th><td>{p.birthDate ? formatDay(p.birthDate) : 'Not recorded'}</td><td>{p.mrn ?? 'Not recorded'}</td>
              <td><Button variant="outlined" aria-label={`Book for ${patientName(p.name)}`} onClick={() => open(forms.book({ id: p.id, name: patientName(p.name) }, practitioner, location, people, `${day}T09:00`))}>Book</Button></td>
            </tr>
          ))}
        </RecordTable>
      ))}
      {found && found !== 'failed' && found.pageInfo.hasNextPage && <Empty>More look like this. Say more of the name, or the number.</Empty>}
      {dialog}
    </Section>
  )
}
