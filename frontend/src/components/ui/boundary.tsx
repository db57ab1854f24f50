import Button from '@mui/material/Button'
import { Component, type ReactNode } from 'react'
import css from './states.module.css'

/** Keeps a part that breaks while it is drawn from taking the rest of the screen with it, and says what to do. */
export class Boundary extends Component<{ what: string; children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    if (!this.state.broken) return this.props.children
    return (
      <div className={css.error} role="alert">
        <strong>{this.props.what}: cannot be shown.</strong>
        <span>This is a fault of the program, not of the record. Do not assume that there is nothing on record.</span>
        <Button variant="outlined" onClick={() => this.setState({ broken: false })}>Try again</Button>
      </div>
    )
  }
}
