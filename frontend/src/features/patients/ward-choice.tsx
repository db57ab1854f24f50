import { useCallback } from 'react'
import { useQuery } from 'urql'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import css from './patients.module.css'

const Wards = graphql(`query WardsToChoose { census { wards { ward { id display } patientCount } } }`)

/** Which ward's patients are listed. */
export function WardChoice({ ward, onChoose }: { ward: string | null; onChoose: (ward: string) => void }) {
  const [{ data, fetching, error }, again] = useQuery({ query: Wards, requestPolicy: 'network-only' })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  if (!data) return error && !fetching ? isForbidden(error) ? <NotPermitted what="Wards" /> : <NotLoaded what="Wards" onRetry={retry} /> : <Loading rows={1} label="wards" />
  const wards = data.census.wards.flatMap(({ ward: of, patientCount }) => (of?.id ? [{ id: of.id, name: of.display ?? 'Ward without a name', patientCount }] : []))
  if (wards.length === 0) return <Empty>No ward is on record.</Empty>
  return (
    <div className={css.ward}>
      <label htmlFor="ward">Ward</label>
      <select id="ward" value={ward ?? ''} onChange={(e) => onChoose(e.target.value)}>
        <option value="" disabled>Choose …</option>
        {wards.map((one) => <option key={one.id} value={one.id}>{one.name} ({one.patientCount === 1 ? '1 patient' : `${one.patientCount} patients`})</option>)}
      </select>
    </div>
  )
}
