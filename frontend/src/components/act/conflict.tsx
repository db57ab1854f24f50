import { formatDateTime } from '../../lib/date'
import type { Difference } from './act'
import css from './act.module.css'

export type Choices = Readonly<Record<string, 'mine' | 'theirs'>>
interface Found { at: string | null; by: string; version: string; differences: readonly Difference[] | null; choices: Choices }

const shown = ({ say }: Difference, text: string): string => say(text) || 'empty'

/** Two versions of one record, field by field where they differ. Where only one side changed a field, that side is proposed; where both did, one has to choose. */
export function Conflict({ of: { at, by, version, differences, choices }, onChoose }: { of: Found; onChoose: (field: string, whose: 'mine' | 'theirs') => void }) {
  return (
    <div className={css.conflict}>
      <p>{by || 'Somebody'} changed this{at ? ` on ${formatDateTime(at)}` : ''} (version {version}) after you had opened it. Nothing of yours was recorded, and nothing of it is lost.</p>
      {!differences ? <p>How it stands now cannot be shown here. Close this and look at the record before you write it again.</p>
        : differences.length === 0 ? <p>What stands there now is the same as what you wrote.</p> : (
        <table aria-label="Differences">
          <thead><tr><th scope="col">Field</th><th scope="col">Was</th><th scope="col">Yours</th><th scope="col">Theirs</th></tr></thead>
          <tbody>
            {differences.map((d) => (
              <tr key={d.name}>
                <th scope="row">{d.label}</th>
                <td>{shown(d, d.base)}</td>
                {(['mine', 'theirs'] as const).map((whose) => (
                  <td key={whose}>
                    <Choice field={d.name} label={`${d.label}, ${whose === 'mine' ? 'yours' : 'theirs'}`} text={shown(d, d[whose])} chosen={choices[d.name] === whose} onChoose={() => onChoose(d.name, whose)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function Choice({ field, label, text, chosen, onChoose }: { field: string; label: string; text: string; chosen: boolean; onChoose: () => void }) {
  return <label><input type="radio" name={field} checked={chosen} onChange={onChoose} /><span><span className="visually-hidden">{label}: </span>{text}</span></label>
}
