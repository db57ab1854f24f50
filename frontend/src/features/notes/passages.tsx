import { namePlaces } from './chart-data'
import { passagesOf, type Passage } from './copied'
import css from './notes.module.css'

function One({ of }: { of: Passage }) {
  if (of.kind === 'own') return <p>{namePlaces(of.text)}</p>
  return (
    <div className={css.copied} role="group" aria-label={`Copied from ${of.from}`}>
      <small>Copied from {of.from}</small>
      {of.passages.map((one, i) => <One key={i} of={one} />)}
      <small>{of.ended ? 'End of copied text' : 'Where the copied text ends is not marked'}</small>
    </div>
  )
}

/** The words of a section; what was copied stands apart, with where it is from. */
export function Passages({ text }: { text: string }) {
  const passages = passagesOf(text)
  return passages.length === 0 ? <p>Says nothing.</p> : passages.map((one, i) => <One key={i} of={one} />)
}
