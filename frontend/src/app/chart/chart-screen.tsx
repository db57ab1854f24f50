import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useQuery, type TypedDocumentNode } from 'urql'
import { Boundary } from '../../components/ui/boundary'
import { PrintButton } from '../../components/ui/print-button'
import { isForbidden, NotPermitted, ReadingProvider, useReading } from '../../components/ui/part'
import { Loading, NotLoaded } from '../../components/ui/states'
import { AS_OF, AsOf } from '../../features/chart/as-of'
import { Banner, BannerFragment, identityLine, printLine } from '../../features/chart/banner'
import css from '../../features/chart/chart.module.css'
import { Merged, MergedInto } from '../../features/chart/merged'
import { EmergencyBanner, OpenInEmergency, type EmergencyFragment } from '../../features/emergency/emergency'
import { LaunchApps } from '../../features/smart/launch'
import { Tabs } from '../../features/chart/tabs'
import { PatientProvider } from '../../contexts/patient'
import { useLive } from '../../contexts/live'
import { hasMargins, usePrintMargins } from '../../hooks/use-print'
import { useTitle } from '../../hooks/use-title'
import { read, type FragmentType } from '../../gql'
import { formatInstant, notPast } from '../../lib/date'
import { useMarked } from './use-marked'

type WithBanner = FragmentType<typeof BannerFragment>
type Answer = FragmentType<typeof EmergencyFragment> & { patient?: WithBanner | null }
type PatientOf<D extends Answer> = NonNullable<D['patient']>

/** An act on any of these makes the screen be read again, also when it had none of them yet. */
const CHANGES = { additionalTypenames: ['Patient', 'Condition', 'AllergyIntolerance', 'Immunization', 'Observation', 'MedicationRequest', 'MedicationStatement', 'ServiceRequest', 'Procedure', 'Encounter', 'ClinicalDocument', 'DiagnosticReport', 'Task', 'Appointment', 'CarePlan', 'Goal', 'Note', 'NoteDraft', 'QuestionnaireResponse', 'RelatedPerson', 'Coverage', 'Consent', 'CareTeam', 'FamilyMemberHistory'] }

const MARGINS = hasMargins()

interface Screen<D extends Answer, X extends object> { patientId: string; title: string; query: TypedDocumentNode<D, { id: string; asOf?: string | null } & X>; variables?: X; children: (patient: PatientOf<D> | undefined, answer: D | undefined, reading: boolean) => ReactNode; scrolls?: boolean }

/**
 * One screen of a chart, read in one operation: the patient's banner, the tabs, and what the page draws. `children` gets no patient while the
 * answer is on its way (`reading`); its parts then draw their own waiting. A part that could not be read says so by itself. The address may name a past
 * instant; then the whole chart is read as of it, and nothing of another instant stays on the page.
 */
export function ChartScreen<D extends Answer, X extends object = object>(screen: Screen<D, X>) {
  const [query] = useSearchParams()
  const asOf = query.get(AS_OF)
  const wrong = asOf === null ? null : notPast(asOf)
  if (wrong) {
    return (
      <main className={css.message}>
        <h1>The chart cannot be shown as of then</h1>
        <p>{wrong}</p>
        <Link to="?">To the chart as it is now</Link>
      </main>
    )
  }
  return <AsOfScreen key={`${screen.patientId} ${asOf ?? ''}`} {...screen} asOf={asOf} />
}

function AsOfScreen<D extends Answer, X extends object>({ patientId, title, query, variables, children, scrolls = true, asOf }: Screen<D, X> & { asOf: string | null }) {
  useTitle(asOf ? `${title} as of ${formatInstant(asOf)}` : title)
  const [count, setCount] = useState(0)
  const anew = useCallback(() => setCount((n) => n + 1), [])
  const live = useLive(asOf === null ? `Patient/${patientId}` : null, anew)
  const [{ data, fetching: asking, error }, again] = useQuery({ query, variables: { id: `Patient/${patientId}`, asOf, ...variables } as { id: string; asOf?: string | null } & X, requestPolicy: 'cache-and-network', context: CHANGES, pause: !live.ready })
  const fetching = asking || !live.ready
  const retry = useCallback(() => again({ requestPolicy: 'network-only' }), [again])
  const seen = useRef(0)
  useEffect(() => {
    // One reading after the other: an older answer that comes late must not stand over a newer one.
    if (seen.current === count || asking) return
    seen.current = count
    retry()
  }, [count, asking, retry])
  const reading = useReading(fetching && !data, error, retry, data)
  const patient = data?.patient as PatientOf<D> | null | undefined
  const { troubles } = reading
  const banner = read(BannerFragment, patient as WithBanner | null | undefined)
  const merged = !!read(MergedInto, banner)?.replacedBy
  const died = !!banner?.deceased?.deceased
  const open = useMemo(() => ({ id: patientId, line: patient ? identityLine(patient, troubles) : '', asOf, read: count, merged, died }), [patientId, patient, troubles, asOf, count, merged, died])
  const { page, missing } = useMarked(!fetching && !!patient)
  const who = patient ? `${printLine(patient)}${asOf ? ` · as it was on ${formatInstant(asOf)}` : ''}` : ''
  usePrintMargins(useCallback(() => ({ 'top-left': who, 'top-right': title }), [who, title]))
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
        <h1>{asOf ? `There was no such patient on ${formatInstant(asOf)}` : 'There is no such patient'}</h1>
        <p>{asOf ? 'The record had not been begun, was deleted, or you may not see it.' : 'The record does not exist, or you may not see it.'}</p>
        {asOf && <Link to="?">To the chart as it is now</Link>}
        {!asOf && <OpenInEmergency patientId={patientId} onOpened={retry} />}
        <Link to="/patients">To the list of patients</Link>
      </main>
    )
  }
  return (
    <ReadingProvider value={reading}>
    <PatientProvider value={open}>
      <main className={asOf ? `${css.chart} ${css.past}` : css.chart}>
        {!MARGINS && <div className={css.running} aria-hidden><span>{who}</span></div>}
        {patient ? <Banner of={patient} /> : <div className={css.waiting}><Loading rows={2} label="patient" /></div>}
        {banner && <Merged of={banner} />}
        <EmergencyBanner of={data} patientId={patientId} again={retry} />
        <Tabs patientId={patientId} asOf={asOf} />
        <AsOf asOf={asOf} live={live.state} print={<PrintButton />}><LaunchApps patientId={patientId} /><OpenInEmergency patientId={patientId} onOpened={retry} /></AsOf>
        {missing && <p className={css.missing} role="status">The record that was followed here is not among the rows that are loaded.</p>}
        {scrolls
          ? <div className={css.body} ref={page} tabIndex={0} role="group" aria-label="Chart page"><Boundary what="This page">{children(patient ?? undefined, data, fetching)}</Boundary></div>
          : <div className={`${css.body ?? ''} ${css.still ?? ''}`} ref={page}><Boundary what="This page">{children(patient ?? undefined, data, fetching)}</Boundary></div>}
      </main>
    </PatientProvider>
    </ReadingProvider>
  )
}
