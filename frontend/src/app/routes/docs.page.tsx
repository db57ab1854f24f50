import { useSession } from '../../contexts/session'
import { Empty } from '../../components/ui/states'
import { DocsView } from '../../features/schema-docs/docs'
import { useTitle } from '../../hooks/use-title'
import { mayExplore } from '../../lib/permissions'

export function DocsPage() {
  useTitle('GraphQL schema')
  const { session, config } = useSession()
  return mayExplore(session, config) ? <DocsView /> : <main><Empty>You may not see this: here the schema is for analysts and administrators.</Empty></main>
}
