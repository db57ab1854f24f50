import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { useClient, type Client } from 'urql'
import { patientLine } from '../../components/act/people'
import { genderText, patientName } from '../../components/clinical/person'
import { conceptText } from '../../components/clinical/status'
import { isForbidden } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql, read } from '../../gql'
import type { ComparedFragment } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { maySeeStays } from '../../lib/permissions'
import type { Side } from './merge-forms'

const Compared = graphql(`
  fragment Compared on Patient {
    id fhirId versionId mrn gender birthDate active deceased { deceased at }
    name { display family given prefix } names { display family given prefix }
    identifiers { value type { text } } telecom { system value } addresses { text lines city postalCode }
    replacedBy { id mrn }
    encounters(first: 1) @include(if: $stays) { nodes { id period { start } } }
    allergies(first: 1, filter: { clinicalStatus: [ACTIVE] }) @include(if: $stays) { status totalCount }
  }
`)
const Compare = graphql(`
  query CompareRecords($here: ID!, $other: ID!, $stays: Boolean!) { here: patient(id: $here) { ...Compared } other: patient(id: $other) { ...Compared } }
`)

type Both = readonly [ComparedFragment, ComparedFragment]
async function readBoth(client: Client, [here, other]: readonly [string, string], stays: boolean): Promise<Both | 'failed' | 'unseen'> {
  const { data, error } = await client.query(Compare, { here, other, stays }, { requestPolicy: 'network-only' }).toPromise()
  const [a, b] = [read(Compared, data?.here), read(Compared, data?.other)]
  return a && b ? [a, b] : error && !isForbidden(error) ? 'failed' : 'unseen'
}

const none = 'Not recorded'
const list = (texts: readonly string[]) => [...new Set(texts.filter(Boolean))].join('; ') || none
const SEEN = 'You may not see this'

/** What stands on a record, line by line, in words. `stays`: whether its reader sees visits and allergies at all. */
function lines(p: ComparedFragment, stays: boolean): readonly (readonly [name: string, is: string])[] {
  const allergies = p.allergies
  return [
    ['Name', list(p.names.map(patientName))], ['Born', p.birthDate ? formatDay(p.birthDate) : none], ['Gender', p.gender ? genderText(p.gender) : none],
    ['Died', p.deceased?.deceased ? (p.deceased.at ? formatDay(p.deceased.at) : 'Date not recorded') : 'No death is recorded'],
    ['Identifiers', list(p.identifiers.map((i) => [conceptText(i.type), i.value].filter(Boolean).join(' ')))],
    ['How to reach', list([...p.telecom.map((t) => t.value ?? ''), ...p.addresses.map((a) => a.text ?? [...a.lines, a.postalCode, a.city].filter(Boolean).join(', '))])],
    ['Record', p.replacedBy ? `Merged into MRN ${p.replacedBy.mrn ?? 'not recorded'}` : p.active === false ? 'Not in use' : 'In use'],
    ['Last visit', !stays ? SEEN : !p.encounters ? 'Not loaded' : p.encounters.nodes[0]?.period?.start ? formatDay(p.encounters.nodes[0].period.start) : none],
    ['Active allergies', !stays ? SEEN : !allergies ? 'Not loaded' : allergies.status === 'NONE_KNOWN' ? 'None known' : allergies.totalCount ? `${allergies.totalCount}` : none],
  ]
}

/** Two records side by side, read when it is drawn, so other `ids` are drawn under another key; `children` gets both at the versions that are seen here, in the order of the `ids`. */
export function ComparedRecords({ ids: [here, other], heads, children }: { ids: readonly [string, string]; heads: readonly [string, string]; children: (here: Side, other: Side) => ReactNode }) {
  const client = useClient()
  const stays = maySeeStays(useSession().session)
  const [found, setFound] = useState<Both | 'loading' | 'failed' | 'unseen'>('loading')
  const look = useCallback(() => readBoth(client, [here, other], stays), [client, here, other, stays])
  useEffect(() => {
    let current = true
    void look().then((both) => { if (current) setFound(both) })
    return () => { current = false }
  }, [look])
  if (found === 'loading') return <Loading rows={8} label="both records" />
  if (found === 'failed') return <NotLoaded what="The two records" onRetry={() => { setFound('loading'); void look().then(setFound) }} />
  if (found === 'unseen') return <p>One of the two records does not exist, or you may not see it. They cannot be compared.</p>
  const [a, b] = found
  const [left, right] = [lines(a, stays), lines(b, stays)]
  const side = (p: ComparedFragment): Side => ({ id: p.id, versionId: p.versionId, line: patientLine(p) })
  return (
    <>
      <RecordTable label="The two records" columns={['', ...heads, 'Compared']} widths={[14, 36, 36, 14]}>
        {left.map(([name, is], i) => {
          const there = right[i]?.[1] ?? none
          const known = ![is, there].some((text) => [none, SEEN, 'Not loaded'].includes(text))
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{name === 'Name' ? <Link to={`/patients/${a.fhirId}/clinical/demographics`}>{is}</Link> : is}</td>
              <td>{name === 'Name' ? <Link to={`/patients/${b.fhirId}/clinical/demographics`}>{there}</Link> : there}</td>
              <td>{!known ? '' : is === there ? 'Same' : <strong>Differs</strong>}</td>
            </tr>
          )
        })}
      </RecordTable>
      {children(side(a), side(b))}
    </>
  )
}
