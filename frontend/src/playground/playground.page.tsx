import { useSession } from '../contexts/session'
import { PlaygroundView } from '../features/playground/playground'
import { Refused } from '../features/playground/refused'
import { mayExplore } from '../lib/permissions'

export function PlaygroundPage() {
  const { session, config } = useSession()
  return mayExplore(session, config) ? <PlaygroundView /> : <Refused />
}
