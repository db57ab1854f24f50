import { reasons, saysWhy } from '../../components/clinical/reasons'
import { conceptText } from '../../components/clinical/status'
import { graphql, read, type FragmentType } from '../../gql'
import { doseLine } from '../../lib/dose-words'
import { doseText, frequencyText } from './line'
import css from './medications.module.css'

export const DosageLine = graphql(`
  fragment DosageLine on Dosage { route { text } dose { value comparator unit } asNeeded frequency period periodUnit }
`)

/** The parts of a medication line after the medicine: DOSE – route – how often – what it is for. What was written in words stands below: it may say more, as “at night”. */
export function Dose({ of, dosages = [] }: { of: Parameters<typeof saysWhy>[0]; dosages?: readonly FragmentType<typeof DosageLine>[] }) {
  const why = reasons(of)
  const lines = dosages.map((masked) => {
    const d = read(DosageLine, masked)
    return { dose: doseLine(doseText(d.dose)), rest: [conceptText(d.route), frequencyText(d)].filter(Boolean).join(' – ') }
  }).filter((line) => line.dose || line.rest)
  const said = of.dosageText ? doseLine(of.dosageText) : null
  const because = why && ` – for ${why}`
  return (
    <>
      {lines.length === 0 ? <span className={css.dose}>{said ?? 'Dose not recorded'}{!saysWhy(of) && because}</span> : lines.map(({ dose, rest }, i) => (
        <span key={i} className={css.dose}>{dose ? <><b>DOSE</b> <span>{dose}</span></> : !said && 'Dose not recorded'}{rest && `${dose || !said ? ' – ' : ''}${rest}`}{because}</span>
      ))}
      {lines.length > 0 && said && <small>As written: {said}</small>}
      {!why && <small>Reason not recorded</small>}
    </>
  )
}
