import { type ReactNode, useCallback, useMemo } from 'react'
import { Link } from 'react-router'
import { useQuery, type TypedDocumentNode } from 'urql'
import { Boundary } from '../../components/ui/boundary'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { Loading, NotLoaded } from '../../components/ui/states'
import { Banner, identityLine, type BannerFragment } from '../../features/chart/banner'
import css from '../../features/chart/chart.module.css'
import { Tabs } from '../../features/chart/tabs'
import { PatientProvider } from '../../contexts/patient'
import { useTitle } from '../../hooks/use-title'
import type { FragmentType } from '../../gql'

type WithBanner = FragmentType<typeof BannerFragment>
interface Answer<P> { patient?: P | null }

/** An act on any of these makes the screen be read again, also when it had none of them yet. */
const CHANGES = { additionalTypenames: ['Patient', 'Condition', 'AllergyIntolerance', 'Immunization', 'Observation', 'MedicationRequest', 'MedicationStatement', 'Procedure', 'Encounter', 'ClinicalDocument', 'DiagnosticReport', 'Task', 'Appointment', 'CarePlan', 'Goal'] }

/**
 * One screen of a chart, read in one operation: the patient's banner, the tabs, and what the page draws. `children` gets no patient while the
 * answer is on its way; its parts then draw their own waiting. A part that could not be read says so by itself.
 */
export function ChartScreen<P extends WithBanner>({ patientId, title, query, children, scrolls = true }: { patientId: string; title: string; query: TypedDocumentNode<Answer<P>, { id: string }>; children: (patient: P | undefined) => ReactNode; scrolls?: boolean }) {
  useTitle(title)
  const [{ data, fetching, error }, again] = useQuery({ query, variables: { id: `Patient/${patientId}` }, requestPolicy: 'cache-and-network', context: CHANGES })
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  const reading = useReading(fetching && !data, error, retry)
  const patient = data?.patient
  const open = useMemo(() => ({ id: patientId, line: patient ? identityLine(patient) : '' }), [patientId, patient])
  if (!fetching && error && !patient) {
    return (
      <main className={css.chart}>
        {isForbidden(error) ? <NotPermitted what="Charts" /> : <NotLoaded what="Chart" onRetry={retry} />}
      </main>
    )
  }
  if (data && !patient && !fetching) {
    return (
      <main className={css.message}>
        <h1>There is no such patient</h1>
        <p>The record does not exist, or you may not see it.</p>
        <Link to="/patients">To the list of patients</Link>
      </main>
    )
  }
  return (
    <ReadingProvider value={reading}>
    <PatientProvider value={open}>
      <main className={css.chart}>
        {patient ? <Banner of={patient} /> : <div className={css.waiting}><Loading rows={2} label="patient" /></div>}
        <Tabs patientId={patientId} />
        {scrolls
          ? <div className={css.body} tabIndex={0} role="group" aria-label="Chart page"><Boundary what="This page">{children(patient ?? undefined)}</Boundary></div>
          : <div className={css.body} style={{ overflow: 'hidden' }}><Boundary what="This page">{children(patient ?? undefined)}</Boundary></div>}
      </main>
    </PatientProvider>
    </ReadingProvider>
  )
}
