import { useState } from 'react'
import { Link } from 'react-router'
import { useQuery } from 'urql'
import { Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import { Banner } from './banner'
import { Allergies, Encounters, Immunizations, Medications, Problems } from './lists'
import { codeOf, Labs, Vitals } from './results'
import { Trend } from './trend'
import css from './summary.module.css'

const Summary = graphql(`
  query Summary($id: ID!) {
    patient(id: $id) {
      id
      ...Banner ...Problems ...Allergies ...Medications ...Encounters ...Immunizations ...Vitals ...Labs
    }
  }
`)

/** The first page of a chart, read in one operation. */
export function SummaryView({ patientId }: { patientId: string }) {
  const id = `Patient/${patientId}`
  const [{ data, fetching, error }, again] = useQuery({ query: Summary, variables: { id }, requestPolicy: 'cache-and-network' })
  const [open, setOpen] = useState<{ code: string; title: string } | null>(null)
  if (error && !data) return <main className={css.chart}><NotLoaded what="Chart" onRetry={() => again({ requestPolicy: 'network-only' })} /></main>
  if (fetching && !data) return <main className={css.chart}><Loading rows={12} label="chart" /></main>
  const patient = data?.patient
  if (!patient) {
    return (
      <main className={css.message}>
        <h1>There is no such patient</h1>
        <p>The record does not exist, or you may not see it.</p>
        <Link to="/patients">To the list of patients</Link>
      </main>
    )
  }
  const show = (row: Parameters<typeof codeOf>[0]) => {
    const code = codeOf(row)
    if (code) setOpen({ code, title: row.code.text })
  }
  return (
    <main className={css.chart}>
      <Banner of={patient} />
      <div className={css.body}>
      <div className={css.sheet}>
        <div className={css.column} tabIndex={0} role="group" aria-label="Problems and encounters">
          <Problems of={patient} />
          <Allergies of={patient} />
          <Encounters of={patient} />
        </div>
        <div className={css.column} tabIndex={0} role="group" aria-label="Results">
          <Vitals of={patient} onOpen={show} />
          <Labs of={patient} onOpen={show} />
        </div>
        <div className={css.column} tabIndex={0} role="group" aria-label="Treatment">
          <Medications of={patient} />
          <Immunizations of={patient} />
        </div>
      </div>
      {open && <Trend key={open.code} patient={id} code={open.code} title={open.title} onClose={() => setOpen(null)} />}
      </div>
    </main>
  )
}
