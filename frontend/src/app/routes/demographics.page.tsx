import { useMemo } from 'react'
import { useParams } from 'react-router'
import { DemographicsView } from '../../features/demographics/demographics'
import { HouseholdView } from '../../features/household/household'
import { PersonActs } from '../../features/registration/registration'
import { mergeSearches, SamePersonView } from '../../features/registration/same-person'
import { graphql } from '../../gql'
import { ChartScreen } from '../chart/chart-screen'

const DemographicsScreen = graphql(`
  query DemographicsScreen($id: ID!, $asOf: Instant, $stays: String!, $goes: String!) {
    patient(id: $id, asOf: $asOf, opens: true) { id ...Banner ...DemographicRecord ...PersonFields ...HouseholdRecord ...SamePerson }
    stays: search(type: "Task", query: $stays, first: 20) { ...MergeTasks }
    goes: search(type: "Task", query: $goes, first: 20) { ...MergeTasks }
    ...Emergency
  }
`)

export function DemographicsPage() {
  const { id = '' } = useParams()
  const variables = useMemo(() => mergeSearches(`Patient/${id}`), [id])
  return (
    <ChartScreen key={id} patientId={id} title="Demographics" query={DemographicsScreen} variables={variables}>
      {(patient, answer) => (
        <>
          <PersonActs of={patient} />
          <DemographicsView of={patient} />
          <SamePersonView of={patient} stays={answer?.stays} goes={answer?.goes} />
          <HouseholdView of={patient} patientId={`Patient/${id}`} />
        </>
      )}
    </ChartScreen>
  )
}
