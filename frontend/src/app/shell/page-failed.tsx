import Button from '@mui/material/Button'
import { Link } from 'react-router'
import css from '../routes/message.module.css'

/** A page that broke, inside a shell that stands. A page whose program is gone from the server was replaced by a newer one. */
export function PageFailed() {
  return (
    <main className={css.message}>
      <h1>This page cannot be shown</h1>
      <p>The server may be away, or the program was renewed while this window was open. Nothing on this screen can be taken as the patient’s record.</p>
      <Button variant="contained" onClick={() => window.location.reload()}>Load it again</Button>
      <p><Link to="/">To the first page</Link></p>
    </main>
  )
}
