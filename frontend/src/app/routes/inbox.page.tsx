import { InboxView } from '../../features/inbox/inbox'
import { useTitle } from '../../hooks/use-title'

export function InboxPage() {
  useTitle('Inbox')
  return <InboxView />
}
