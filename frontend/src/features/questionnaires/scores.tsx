import Report from '@mui/icons-material/Report'
import Button from '@mui/material/Button'
import type { Score as ScoreOf } from '../../components/clinical/score'
import { Sparkline } from '../../components/clinical/sparkline'
import { Section } from '../../components/ui/section'
import type { QuestionnaireFormsFragment } from '../../gql/graphql'
import { formatDateTime, formatDay } from '../../lib/date'
import { formatChange, formatDecimal } from '../../lib/quantity'
import css from './questionnaires.module.css'

export type Instrument = QuestionnaireFormsFragment['scoreInstruments'][number]
export type Score = ScoreOf<Instrument>

/** The newest sum of each instrument, with its course. */
export function Scores({ of, onTrend }: { of: readonly Score[]; onTrend: (what: { code: string; title: string }) => void }) {
  if (of.length === 0) return null
  const instruments = [...new Set(of.map((s) => s.instrument))]
  return (
    <Section title="Scores" note="The newest of each">
      <div className={css.scores}>
        {instruments.map((instrument) => {
          const all = of.filter((s) => s.instrument === instrument)
          const [newest, before] = all
          if (!newest) return null
          const points = all.flatMap((s) => (s.at ? [{ at: s.at, value: s.value }] : [])).toReversed()
          return (
            <div key={instrument.panel} className={css.score} role="group" aria-label={instrument.name}>
              <span className={css.name}>{instrument.name}</span>
              <span><strong>{formatDecimal(newest.value)}</strong> of {instrument.largest}</span>
              <span className={css.band}>{newest.band}</span>
              <Sparkline points={points} />
              <span className={css.when}>{newest.at ? formatDateTime(newest.at) : 'Date not recorded'}; {before?.at ? `${formatChange(String(Number(newest.value) - Number(before.value)))} since ${formatDay(before.at)}; ` : ''}{all.length === 1 ? 'one on record' : `${all.length} on record`}</span>
              <Button variant="outlined" onClick={() => onTrend({ code: instrument.total, title: `${instrument.name} score` })}>Trend of {instrument.name}</Button>
              <span className={css.source}>{instrument.source}</span>
            </div>
          )
        })}
      </div>
    </Section>
  )
}

/** What cannot wait, whatever the sum: `what` is asked for. */
export function UrgentAnswer({ what, more }: { what: string; more: string }) {
  return (
    <div className={css.urgent} role="alert">
      <p><Report sx={{ fontSize: 18 }} aria-hidden /> <strong>{what}</strong></p>
      <p>{more}</p>
    </div>
  )
}
