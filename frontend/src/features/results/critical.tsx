import Report from '@mui/icons-material/Report'
import Button from '@mui/material/Button'
import { useAcknowledge } from '../../components/act/acknowledge'
import { useForms } from '../../components/act/acts'
import { Flags } from '../../components/clinical/flag'
import { flagsOf, isCritical, rangeOf, simpleValue } from '../../components/clinical/observation'
import { Status } from '../../components/clinical/status'
import { graphql } from '../../gql'
import type { CriticalPageFragment } from '../../gql/graphql'
import { useMay } from '../../hooks/use-may'
import { formatDateTime } from '../../lib/date'
import { isFinal } from './acknowledge'
import css from './results.module.css'

/** Abnormal results with no more than is needed to find critical ones that nobody has acknowledged: of all results this would cost too much. */
export const CriticalPage = graphql(`
  fragment CriticalPage on ObservationConnection {
    nodes {
      id versionId status effectiveAt interpretation code { text }
      value { __typename ... on Quantity { value unit comparator } ... on Concept { text } ... on Text { text } }
      components { interpretation } referenceRanges { low { value } high { value } text } acknowledgement { by { display } }
    }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
`)

type Abnormal = CriticalPageFragment['nodes'][number]

/**
 * Results that can kill and of which nobody has said to have seen them, before all else. `of`: the abnormal ones that are loaded; `more`: there are
 * older ones. `known`: whether it could be read who has acknowledged what. `reported`: in words, that the report of a result was acknowledged. `opened`: the result that is shown beside.
 */
export function Critical({ of, more, known, reported, opened, onOpen }: { of: readonly Abnormal[]; more: boolean; known: boolean; reported: (id: string) => string | null; opened: string | null; onOpen: (id: string) => void }) {
  const acting = useMay('acknowledge')
  const acknowledge = useAcknowledge()
  const forms = useForms()
  const all = of.filter((result) => isCritical(result) && result.status !== 'ENTERED_IN_ERROR')
  const open = all.filter((result) => !result.acknowledgement)
  const older = more && <p className={css.older}>Older abnormal results are not loaded. A critical one that nobody has acknowledged may be among them.</p>
  if (!known) return <>{all.length > 0 && <p className={css.older}>{all.length === 1 ? 'One result is critical. Whether it is acknowledged is' : `${all.length} results are critical. Whether they are acknowledged is`} not known here.</p>}{older}</>
  if (open.length === 0) return older
  return (
    <>
      <section className={css.critical} aria-label="Critical results">
        <h2><Report sx={{ fontSize: 16 }} aria-hidden /> {open.length === 1 ? 'A critical result is' : `${open.length} critical results are`} not acknowledged</h2>
        <ul>
          {open.map((result) => {
            const { id, versionId, status, effectiveAt } = result
            const title = result.code?.text ?? 'Test not named'
            const what = [title, simpleValue(result.value)].filter(Boolean).join(' ')
            const range = rangeOf(result)
            return (
              <li key={id}>
                <Flags of={flagsOf(result)} /> <button type="button" className={css.link} aria-current={opened === id || undefined} onClick={() => onOpen(id)}>{what}</button>
                <span className={css.told}>{range && `range ${range}, `}{effectiveAt ? `taken ${formatDateTime(effectiveAt)}` : 'time not recorded'}{reported(id) && `. ${reported(id)}`}</span>
                {!isFinal(status) ? <Status of={status} />
                  : acting && <Button variant="contained" color="error" aria-label={`Acknowledge ${title}`} onClick={() => forms.open(acknowledge({ id, versionId }, what, true))}>Acknowledge</Button>}
              </li>
            )
          })}
        </ul>
        {forms.dialog}
      </section>
      {older}
    </>
  )
}
