import { graphql, read, type FragmentType } from '../../gql'

/** Who cares for a patient in general: a person, a person in a role, or a house. */
export const Carer = graphql(`
  fragment Carer on ResourceRef {
    id display reference
    node { __typename ... on Practitioner { id names { display } } ... on PractitionerRole { id practitioner { display } organization { display } } ... on Organization { id name } }
  }
`)

/** By the words of the record, else by the name of whom it points to, else by what is pointed to. */
export function carerName(of: FragmentType<typeof Carer>): string {
  const { display, node, reference } = read(Carer, of)
  const name = node?.__typename === 'Practitioner' ? node.names[0]?.display
    : node?.__typename === 'PractitionerRole' ? [node.practitioner?.display, node.organization?.display].filter(Boolean).join(', ')
    : node?.__typename === 'Organization' ? node.name : null
  return display || name || reference || 'Not named'
}
