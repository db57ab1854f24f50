import { useQuery } from 'urql'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { words } from '../../components/clinical/status'
import { Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'

const SettingsProfile = graphql(`
  query SettingsProfile($id: ID!) { node(id: $id) { __typename id ... on Practitioner { names { display } qualifications { code { text } } telecom { system value use } } } }
`)

/** Who one is in the record, where the account names somebody who works here. */
export function ProfileLines() {
  const { fhirUser } = useSession().session
  const works = fhirUser?.startsWith('Practitioner/') ? fhirUser : null
  const [{ data, error }, again] = useQuery({ query: SettingsProfile, variables: { id: works ?? '' }, pause: works === null })
  const of = data?.node?.__typename === 'Practitioner' ? data.node : null
  if (fhirUser === null) return <><dt>In the record</dt><dd>Nobody of the record is named for this account.</dd></>
  if (works === null) return <><dt>In the record</dt><dd>{fhirUser}</dd></>
  if (!data) return <><dt>In the record</dt><dd>{isForbidden(error) ? <NotPermitted what="Your entry" /> : error ? <NotLoaded what="Your entry" onRetry={() => again({ requestPolicy: 'network-only' })} /> : <Loading rows={1} label="your entry" />}</dd></>
  if (!of) return <><dt>In the record</dt><dd>{works} is not here, or not to be seen.</dd></>
  const telecom = of.telecom.flatMap((one) => (one.value ? [`${one.value}${one.system ? ` (${words(one.system)})` : ''}`] : []))
  return (
    <>
      <dt>In the record</dt><dd>{of.names[0]?.display || works}</dd>
      <dt>Qualifications</dt><dd>{of.qualifications.map((one) => one.code?.text).filter(Boolean).join(', ') || 'Not recorded'}</dd>
      <dt>Reached by</dt><dd>{telecom.join(', ') || 'Not recorded'}</dd>
    </>
  )
}
