import Button from '@mui/material/Button'
import { useCallback, useState } from 'react'
import { Link } from 'react-router'
import { useClient, useQuery } from 'urql'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Pages, RecordTable } from '../../components/ui/record-table'
import { Section } from '../../components/ui/section'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql, read } from '../../gql'
import { formatDateTime, formatDay } from '../../lib/date'
import css from './inbox.module.css'

const GapPage = graphql(`
  fragment GapPage on WorklistConnection {
    nodes { title node { __typename id ... on Patient { mrn birthDate gender age { value unit } name { display family given prefix } careGaps { year measure { id title } } } } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)
const CareGaps = graphql(`
  query CareGaps($after: String) { worklist(kind: CARE_GAPS, first: 25, after: $after) { ...GapPage } }
`)

/** Patients in the care of who is signed in of whom a quality measure asks what is not on record. Computed when it is asked; nothing here is live. */
export function CareGapsView() {
  const client = useClient()
  const [{ data, fetching, error }, ask] = useQuery({ query: CareGaps, variables: {}, requestPolicy: 'network-only' })
  // The answer does not say when it was computed: that is when it was asked for.
  const [asked, setAsked] = useState(() => new Date().toISOString())
  const again = useCallback(() => { setAsked(new Date().toISOString()); ask({ requestPolicy: 'network-only' }) }, [ask])
  const more = async (after: string) => {
    const { data: next } = await client.query(CareGaps, { after }, { requestPolicy: 'network-only' }).toPromise()
    return read(GapPage, next?.worklist)
  }
  if (!data) return error && !fetching ? isForbidden(error) ? <NotPermitted what="Gaps in care" /> : <NotLoaded what="Gaps in care" onRetry={again} /> : <Loading rows={10} label="gaps in care" />
  const first = read(GapPage, data.worklist)
  return (
    <Section title="Gaps in care" note={`${first.totalCount ?? first.nodes.length} of your patients, by name`}>
      <div className={css.write}>
        <span>What a quality measure asks for this year and is not on record. Computed {formatDateTime(asked)}; not live.</span>
        <Button variant="outlined" disabled={fetching} onClick={again}>{fetching ? 'Refreshing …' : 'Refresh'}</Button>
      </div>
      <Pages first={first} more={more} what="patients">
        {(nodes) => (nodes.length === 0 ? <Empty>No patient in your care has a gap.</Empty> : (
          <RecordTable label="Gaps in care" columns={['Patient', 'Born', 'Gender', 'MRN', 'What is missing']}>
            {nodes.map(({ node, title }) => (node.__typename !== 'Patient' ? null : (
              <tr key={node.id}>
                <th scope="row"><Link to={`/patients/${node.id.replace('Patient/', '')}/clinical/summary`}>{node.name ? patientName(node.name) : title ?? 'Name not recorded'}</Link></th>
                <td className="whole">{node.birthDate ? formatDay(node.birthDate) : 'Not recorded'}{node.age && ` (${ageText(node.age)})`}</td>
                <td>{genderText(node.gender)}</td>
                <td>{node.mrn ?? 'Not recorded'}</td>
                <td>{node.careGaps ? node.careGaps.map(({ measure, year }) => <div key={measure.id}>{measure.title}<small>{measure.id}, {year}</small></div>) : 'Not shown to you'}</td>
              </tr>
            )))}
          </RecordTable>
        ))}
      </Pages>
    </Section>
  )
}
