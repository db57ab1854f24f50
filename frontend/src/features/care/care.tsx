import { useState } from 'react'
import { ActStrip } from '../../components/act/acts'
import { useTaskForms } from '../../components/act/tasks'
import { Trend } from '../../components/clinical/trend'
import { Part, useTrouble } from '../../components/ui/part'
import { graphql, read, type FragmentType } from '../../gql'
import { useMay } from '../../hooks/use-may'
import css from './care.module.css'
import { Appointments, Tasks, useWorks } from './coming'
import { GoalFields, isPursued, useGoalForms, type Measurable } from './goal-forms'
import { GoalPage, Goals } from './goals'
import { measuresOf, type Measure } from './measures'
import { isClosed, PlanFields, usePlanForms } from './plan-forms'
import { PlanPage, Plans } from './plans'
import { TeamsView, useTeamActs, type TeamRecord } from './teams'

export const CareRecord = graphql(`
  fragment CareRecord on Patient {
    carePlans(first: 25) { ...PlanPage }
    goals(first: 25) { ...GoalPage }
    appointments(first: 25) { ...AppointmentPage }
    tasks(first: 25) { ...TaskPage }
    problems: conditions(filter: { clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }, first: 50) { nodes { id code { text } verificationStatus } }
    measuredLabs: latestResults(category: LABORATORY, first: 50) { ...Measured }
    measuredSigns: latestResults(category: VITAL_SIGNS, first: 30) { ...Measured }
  }
`)
/** What the house measures, for targets of what nobody has measured yet. */
export const CareMeasures = graphql(`
  fragment CareMeasures on Query { flowsheetTemplates { id rows { name unit unitCode isComputed code { system code } least most } } }
`)
/** How many kinds of results are asked for above. */
const MOST = { labs: 50, signs: 30 }

type House = NonNullable<ReturnType<typeof readHouse>>
const readHouse = (of: FragmentType<typeof CareMeasures> | undefined) => read(CareMeasures, of)?.flowsheetTemplates

/** What a target can be set for: what the house measures, and what this patient has had measured, in the unit of the newest value. */
function measurableOf(house: House | undefined, measures: readonly Measure[]): Measurable[] {
  const rows = house?.flatMap((t) => t.rows).flatMap((r): Measurable[] => (r.code.code ? [{ key: r.code.code, name: r.name, unit: r.unit, unitCode: r.unitCode, coding: { system: r.code.system ?? '', code: r.code.code }, least: r.least, most: r.most }] : [])) ?? []
  const had = measures.flatMap(({ name, code, quantity: q }): Measurable[] => {
    const coding = code.codings.find((c) => c.system && c.code)
    return coding?.code && coding.system && q.code ? [{ key: coding.code, name, unit: q.unit ?? q.code, unitCode: q.code, coding: { system: coding.system, code: coding.code } }] : []
  })
  const all = [...rows, ...had]
  return all.filter((m, i) => all.findIndex((one) => one.key === m.key) === i).sort((a, b) => a.name.localeCompare(b.name))
}

/** What is planned, what is to be reached, who cares for the patient together, and what comes next. */
export function CareView({ of, house, patientId }: { of: (FragmentType<typeof CareRecord> & FragmentType<typeof TeamRecord>) | undefined; house: FragmentType<typeof CareMeasures> | undefined; patientId: string }) {
  const care = read(CareRecord, of)
  const acting = useMay('chart')
  const works = useWorks()
  const [trend, setTrend] = useState<{ code: string; title: string } | null>(null)
  const [labs, signs] = [care?.measuredLabs, care?.measuredSigns]
  const troubled = [useTrouble('measuredLabs'), useTrouble('measuredSigns')].some(Boolean)
  const so = { measures: measuresOf([...(labs ?? []), ...(signs ?? [])]), all: !troubled && !!labs && !!signs && labs.length < MOST.labs && signs.length < MOST.signs }
  const problems = (care?.problems?.nodes ?? []).flatMap((c) => (c.code && c.verificationStatus !== 'ENTERED_IN_ERROR' && c.verificationStatus !== 'REFUTED' ? [{ id: c.id, name: c.code.text }] : []))
  const plans = (read(PlanPage, care?.carePlans)?.nodes ?? []).map((p) => read(PlanFields, p)).filter((p) => !isClosed(p))
  const pursued = (read(GoalPage, care?.goals)?.nodes ?? []).map((g) => read(GoalFields, g)).filter(isPursued)
  const planForms = usePlanForms(patientId, plans, problems, pursued.map((g) => ({ id: g.id, name: g.description?.text ?? 'Goal not named' })))
  const goalForms = useGoalForms(patientId, pursued, problems, measurableOf(readHouse(house), so.measures))
  const tasks = useTaskForms()
  const teamActs = useTeamActs(of, patientId)
  return (
    <>
      {care && (
        <ActStrip
          note="Plans and goals; members of a care team count as treating the patient"
          items={[...(acting ? [{ name: 'Make a care plan', form: planForms.create }, { name: 'Set a goal', form: goalForms.set }] : []), ...(works ? [{ name: 'Ask for a task', form: () => tasks.create(patientId) }] : []), ...teamActs]}
        />
      )}
      <Part of={care?.carePlans} name="carePlans" what="Care plans" rows={3}>{(list) => <Plans of={list} patientId={patientId} forms={planForms} />}</Part>
      <Part of={care?.goals} name="goals" what="Goals" rows={3}>{(list) => <Goals of={list} patientId={patientId} forms={goalForms} so={so} onTrend={setTrend} />}</Part>
      {trend && <div className={css.trend}><Trend key={trend.code} patient={patientId} code={trend.code} title={trend.title} beside onClose={() => setTrend(null)} /></div>}
      <TeamsView of={of} patientId={patientId} />
      <Part of={care?.tasks} name="tasks" what="Tasks" rows={3}>{(list) => <Tasks of={list} patientId={patientId} />}</Part>
      <Part of={care?.appointments} name="appointments" what="Appointments" rows={3}>{(list) => <Appointments of={list} patientId={patientId} />}</Part>
    </>
  )
}
