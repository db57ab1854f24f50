import { Flags } from '../../components/clinical/flag'
import type { Interpretation } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { unbroken } from '../../lib/quantity'
import css from './vitals.module.css'

interface Latest { at: string; text: string; flags: Interpretation[] }

/** What stands in a row whose values all lie in other columns: the latest of them, so that it does not read as if there were none. */
export function Elsewhere({ columns, latest, unit }: { columns: number; latest: Latest | undefined; unit: string }) {
  return (
    <td colSpan={columns} className={css.none}>
      None in these columns{latest && <>; the latest {latest.at ? formatDateTime(latest.at) : 'at a time not recorded'}, {unbroken(`${latest.text} ${unit}`)} <Flags of={latest.flags} /></>}
    </td>
  )
}
