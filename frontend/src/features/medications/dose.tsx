import { reasons, saysWhy } from '../../components/clinical/reasons'
import { doseLine } from '../../lib/dose-words'
import css from './medications.module.css'

/** How a medicine is taken and, where those words do not tell it, what it is for. */
export function Dose({ of }: { of: Parameters<typeof saysWhy>[0] }) {
  const why = reasons(of)
  return (
    <>
      <span className={css.dose}>{of.dosageText ? doseLine(of.dosageText) : 'Dose not recorded'}</span>
      {!why ? <small>Reason not recorded</small> : !saysWhy(of) && <small>Reason: {why}</small>}
    </>
  )
}
