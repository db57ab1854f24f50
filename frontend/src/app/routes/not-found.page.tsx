import { Link } from 'react-router'
import css from './message.module.css'

export function NotFoundPage() {
  return (
    <main className={css.message}>
      <h1>There is no such page</h1>
      <p><Link to="/patients">To the list of patients</Link></p>
    </main>
  )
}
