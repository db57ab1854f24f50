import css from './status.module.css'

/** Codes that write two words as one. */
const SAID: Record<string, string | undefined> = { NOSHOW: 'Did not come', ONLEAVE: 'On leave' }

/** A status in words: `ON_HOLD` reads “On hold”. */
export function words(code: string): string {
  const said = SAID[code]
  if (said) return said
  const text = code.toLowerCase().replaceAll('_', ' ')
  return capital(text)
}

/** A text as a cell begins: its first letter is a capital, but in `pH` and its like. */
export const capital = (text: string): string => (/^\p{Ll}\p{Lu}/u.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1))

interface Concept { text: string }
/**
 * Coded ideas as a cell or a line begins, in order; empty where none is recorded. Terminologies write many of them in lower case, as
 * “extended healthcare”. Not for medicines and what one is allergic to: those names stand as they are stored.
 */
export const conceptText = (of: Concept | readonly Concept[] | null | undefined): string =>
  [of ?? []].flat().flatMap(({ text }) => (text ? [capital(text)] : [])).join(', ')

const KINDS: Record<string, string | undefined> = {
  PRELIMINARY: css.draft, DRAFT: css.draft, UNCONFIRMED: css.draft, PROVISIONAL: css.draft, DIFFERENTIAL: css.draft, REGISTERED: css.draft, PARTIAL: css.draft, PREPARATION: css.draft, PLANNED: css.draft,
  AMENDED: css.info, CORRECTED: css.info, APPENDED: css.info, SUPERSEDED: css.info,
  ON_HOLD: css.warning, ONLEAVE: css.warning, NOSHOW: css.warning, NOT_DONE: css.warning, OVERDUE: css.warning, STOPPED: css.warning, CANCELLED: css.warning, REFUTED: css.warning,
  ENTERED_IN_ERROR: css.error,
}

/** Where a document stands: one in force as far as its content is, in the word that the note itself has. What nobody has signed is preliminary, what is signed is final. */
export const standing = (of: { status?: string | null; docStatus?: string | null }): string | null | undefined => (of.status === 'CURRENT' && of.docStatus ? of.docStatus : of.status)

/** What is out of the ordinary about a record's status; a plain one (final, completed, active) is plain text. `said`: in other words than those of the code. */
export function Status({ of, said }: { of: string | null | undefined; said?: string }) {
  if (!of) return <span className={css.plain}>Status not recorded</span>
  return <span className={KINDS[of] ?? css.plain}>{said ?? words(of)}</span>
}
