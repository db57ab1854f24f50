import Button from '@mui/material/Button'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useId, useMemo, useRef, useState } from 'react'
import { Part } from '../../components/ui/part'
import { graphql, read, type FragmentType } from '../../gql'
import type { CalculatorChartFragment, CalculatorValueFragment } from '../../gql/graphql'
import { formatDateTime } from '../../lib/date'
import { formatDecimal } from '../../lib/quantity'
import css from './calculators.module.css'
import { calculate, CALCULATORS, unanswered, type Calculator, type Given, type Input } from './formulas'

export const CalculatorChart = graphql(`
  fragment CalculatorChart on Patient {
    gender age { value unit }
    labs: latestResults(category: LABORATORY, first: 40, codes: ["LOINC|2160-0", "LOINC|38483-4", "LOINC|2951-2", "LOINC|2947-0", "LOINC|2075-0", "LOINC|2069-3", "LOINC|2028-9", "LOINC|20565-8", "LOINC|1963-8", "LOINC|1751-7", "LOINC|17861-6", "LOINC|49765-1", "LOINC|1975-2", "LOINC|6301-6", "LOINC|34714-6", "LOINC|3094-0", "LOINC|6299-2"]) { ...CalculatorValue }
    signs: latestResults(category: VITAL_SIGNS, first: 12, codes: ["LOINC|29463-7", "LOINC|8302-2", "LOINC|9279-1", "LOINC|85354-9", "LOINC|2708-6", "LOINC|59408-5", "LOINC|8867-4", "LOINC|8310-5", "LOINC|3151-8", "LOINC|67775-7"]) { ...CalculatorValue }
  }
`)
const CalculatorValue = graphql(`
  fragment CalculatorValue on LatestResult {
    observation {
      id effectiveAt code { text codings { code } } value { __typename ... on Quantity { value unit code comparator } ... on Concept { text codings { system code } } }
      components { code { codings { code } } value { __typename ... on Quantity { value unit code comparator } } }
    }
  }
`)

/** A value of the chart with its day, as an input takes it; `of` is what a finding was read from, which may say nothing of it: then the text is empty. */
interface FromChart { text: string; at: string; of?: string }
type Result = CalculatorValueFragment['observation']
const PARTS: Readonly<Record<string, string>> = { systolic: '8480-6', diastolic: '8462-4' }

/** The newest value of the chart for an input: only of its code, only in its unit, only an exact number. */
function fromChart(patient: CalculatorChartFragment, input: Input): FromChart | undefined {
  if (input.name === 'age') return patient.age?.unit === 'YEARS' ? { text: String(patient.age.value), at: '' } : undefined
  const all = [...(patient.labs ?? []), ...(patient.signs ?? [])].map((one) => read(CalculatorValue, one).observation)
  const ofCode = (o: Result) => !!o.code?.codings.some((k) => input.loinc?.includes(k.code ?? ''))
  if (input.answers) return answered(all.filter(ofCode), input.answers)
  const part = PARTS[input.name]
  const newest = all.flatMap((o) => (part ? o.components.filter((c) => c.code?.codings.some((k) => k.code === part)).map((c) => ({ value: c.value, at: o.effectiveAt ?? '' }))
    : ofCode(o) ? [{ value: o.value, at: o.effectiveAt ?? '' }] : []))
    .filter(({ value }) => value?.__typename === 'Quantity' && value.value && !value.comparator && (part ? value.code === 'mm[Hg]' : input.ucum?.includes(value.code ?? value.unit ?? '')))
    .sort((a, b) => (a.at < b.at ? 1 : -1))[0]
  if (newest?.value?.__typename !== 'Quantity' || !newest.value.value) return undefined
  const { value, unit } = newest.value
  return input.kind === 'yes' ? { text: Number(value) > 0 ? 'yes' : 'no', at: newest.at, of: `${formatDecimal(value)} ${unit ?? ''}` } : { text: value, at: newest.at }
}

/** The newest of coded values, and what its LOINC answer says; an older one is not taken for one that says nothing, or two things. */
function answered(all: readonly Result[], answers: NonNullable<Input['answers']>): FromChart | undefined {
  const newest = all.toSorted((a, b) => ((a.effectiveAt ?? '') < (b.effectiveAt ?? '') ? 1 : -1))[0]
  if (newest?.value?.__typename !== 'Concept') return undefined
  const said = new Set(newest.value.codings.flatMap((k) => (k.system === 'http://loinc.org' && answers[k.code ?? '']) || []))
  return { text: said.size === 1 ? [...said][0] ?? '' : '', at: newest.effectiveAt ?? '', of: newest.value.text }
}

/** Scores and estimates, each with its inputs, where they come from, and where the formula is published. */
export function CalculatorsView({ of }: { of: FragmentType<typeof CalculatorChart> | undefined }) {
  const [chosen, setChosen] = useState<string>(CALCULATORS[0]?.id ?? '')
  const calculator = CALCULATORS.find((c) => c.id === chosen)
  return (
    <div className={css.view}>
      <nav className={css.list} aria-label="Calculators">
        <ul>{CALCULATORS.map((c) => <li key={c.id}><button type="button" aria-pressed={c.id === chosen} onClick={() => setChosen(c.id)}>{c.name}</button></li>)}</ul>
      </nav>
      <Part of={of} name="labs" what="Calculators" rows={6}>
        {(masked) => calculator && <Sheet key={calculator.id} of={calculator} patient={read(CalculatorChart, masked)} />}
      </Part>
    </div>
  )
}

function Sheet({ of, patient }: { of: Calculator; patient: CalculatorChartFragment }) {
  const id = useId()
  const sheet = useRef<HTMLElement>(null)
  const chart = useMemo(() => new Map(of.inputs.flatMap((i) => { const found = fromChart(patient, i); return found ? [[i.name, found] as const] : [] })), [of, patient])
  const recorded: Readonly<Record<string, string>> = { ...Object.fromEntries([...chart].map(([name, { text }]) => [name, text])), ...(patient.gender === 'FEMALE' || patient.gender === 'MALE' ? { sex: patient.gender } : {}) }
  const [texts, setTexts] = useState(recorded)
  const changed = of.inputs.some((i) => (texts[i.name] ?? '') !== (recorded[i.name] ?? ''))
  // The button can no longer be pressed then; whoever is at the keyboard goes on at the first field.
  const back = () => { setTexts(recorded); sheet.current?.querySelector<HTMLElement>('input, select')?.focus() }
  const given: Given = Object.fromEntries(of.inputs.map((i) => {
    const text = texts[i.name]?.trim() ?? ''
    return [i.name, i.kind === 'yes' ? (text === '' ? undefined : text === 'yes') : i.kind === 'sex' ? (text === 'FEMALE' || text === 'MALE' ? text : undefined) : /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined]
  }))
  const result = calculate(of, given)
  const assumed = unanswered(of, given)
  const set = (name: string, text: string) => setTexts((before) => ({ ...before, [name]: text }))
  const numbers = of.inputs.filter((i) => i.kind !== 'yes')
  const findings = of.inputs.filter((i) => i.kind === 'yes')
  return (
    <section className={css.sheet} aria-label={of.name} ref={sheet}>
      <h2>{of.name}</h2>
      <div className={css.inputs}>
        {numbers.map((i) => {
          const found = chart.get(i.name)
          const told = i.kind === 'sex' ? 'The formula knows two; choose which one applies.'
            : !found ? 'Not on record in this unit' : texts[i.name] !== found.text ? `On record: ${found.text} ${i.unit ?? ''}` : found.at ? `From the chart, ${formatDateTime(found.at)}` : 'From the chart'
          return (
            <div key={i.name}>
              <label htmlFor={`${id}${i.name}`}>{i.label}</label>
              {i.kind === 'sex' ? (
                <select id={`${id}${i.name}`} value={texts[i.name] ?? ''} aria-describedby={`${id}${i.name}-from`} onChange={(e) => set(i.name, e.target.value)}>
                  <option value="">Choose …</option><option value="FEMALE">Female</option><option value="MALE">Male</option>
                </select>
              ) : (
                <OutlinedInput value={texts[i.name] ?? ''} endAdornment={<span className={css.unit}>{i.unit}</span>} onChange={(e) => set(i.name, e.target.value)} inputProps={{ id: `${id}${i.name}`, inputMode: 'decimal', 'aria-describedby': `${id}${i.name}-from` }} />
              )}
              <small id={`${id}${i.name}-from`}>{told}</small>
            </div>
          )
        })}
      </div>
      {findings.length > 0 && (
        <fieldset className={css.findings}>
          <legend>Findings</legend>
          {findings.map((i) => {
            const [found, text] = [chart.get(i.name), texts[i.name] ?? '']
            const told = found ? `${found.text !== '' && text === found.text ? 'From the chart' : 'On record'}: ${found.of ?? ''}, ${formatDateTime(found.at)}${found.text === '' ? ', which does not answer it' : ''}${Date.parse(found.at) < Date.parse(chart.get('saturation')?.at ?? '') ? ', older than the saturation' : ''}`
              : text === '' ? 'Not from the chart; answer' : ''
            return (
              <div key={i.name} role="radiogroup" aria-label={i.label} aria-describedby={`${id}${i.name}-from`}>
                <span>{i.label}</span>
                {(['yes', 'no'] as const).map((answer) => <label key={answer}><input type="radio" name={`${id}${i.name}`} checked={text === answer} onChange={() => set(i.name, answer)} /> {answer === 'yes' ? 'Yes' : 'No'}</label>)}
                <small id={`${id}${i.name}-from`}>{told}</small>
              </div>
            )
          })}
        </fieldset>
      )}
      <output className={css.result} aria-label="Result">
        {typeof result === 'string' ? result : 'missing' in result ? `Not computed. Missing: ${result.missing.join(', ')}.` : <><strong>{result.text}</strong> <span>{result.unit}</span>{result.band && <span className={css.band}>{result.band}</span>}{assumed.length > 0 && <small>Counted as no, not answered: {assumed.join('; ')}.</small>}</>}
      </output>
      <p className={css.source}>{of.note && `${of.note} `}Source: {of.source}. Nothing is stored.</p>
      <Button variant="outlined" disabled={!changed} onClick={back}>Values of the chart again</Button>
    </section>
  )
}
