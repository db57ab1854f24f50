import css from './record-table.module.css'

/** What the record says, or in the muted ink that it says nothing: in the words of `none`. */
export function Recorded({ is, none = 'Not recorded' }: { is: string | null | undefined; none?: string }) {
  return is || <span className={css.absent}>{none}</span>
}
