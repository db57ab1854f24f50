import Button from '@mui/material/Button'
import css from './message.module.css'

/** A page that could not be started: the server is away, or something broke here. */
export function Failed() {
  return (
    <main className={css.message}>
      <h1>The page could not be loaded</h1>
      <p>The server may be away. Nothing on this screen can be taken as the patient’s record.</p>
      <Button variant="contained" onClick={() => window.location.reload()}>Try again</Button>
    </main>
  )
}

/** While the first answers are on their way. */
export function Starting() {
  return <main className={css.message}><p role="status">WintEHR is starting …</p></main>
}
