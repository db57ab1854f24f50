import css from './playground.module.css'

/** For whom the playground is not. */
export function Refused() {
  return (
    <main className={css.message}>
      <h1>Playground</h1>
      <p>You may not see this: here the playground is for analysts and administrators.</p>
      <a href="/patients">To the list of patients</a>
    </main>
  )
}
