import Dialog from '@mui/material/Dialog'
import { useCallback, useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react'
import { useClient } from 'urql'
import { ageText, genderText, patientName } from '../../components/clinical/person'
import { isForbidden } from '../../components/ui/part'
import { graphql } from '../../gql'
import type { PaletteQuery } from '../../gql/graphql'
import { formatDay } from '../../lib/date'
import { readPatientSearch } from '../../lib/patient-search'
import { chartPath } from '../../features/chart/tabs'
import css from './palette.module.css'
import type { Place } from './places'

const Palette = graphql(`
  query Palette($filter: PatientFilter!) {
    patients(filter: $filter, first: 8) {
      nodes { id fhirId mrn gender birthDate age { value unit } name { display family given prefix } }
      totalCount
    }
  }
`)

export interface Command { name: string; hint?: string; act: () => void }
interface Option { id: string; group: string; text: string; detail: string; act: () => void }
type Found = { for: string; patients: PaletteQuery['patients'] | null; trouble: string }

/** One field for people and pages: type, move, press Enter. Closing it leaves everything as it was. */
export default function CommandPalette({ places, commands, searchesPatients, go, onClose }: { places: readonly Place[]; commands: readonly Command[]; searchesPatients: boolean; go: (place: Place) => void; onClose: () => void }) {
  const client = useClient()
  const id = useId()
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found | null>(null)
  const [active, setActive] = useState(0)
  const asked = text.trim()
  // The dialog draws its content after this component's effects: the field takes the focus when it appears.
  const appeared = useCallback((field: HTMLInputElement | null) => field?.focus(), [])

  useEffect(() => {
    if (!searchesPatients || asked.length < 2) return undefined
    let current = true
    const wait = setTimeout(() => {
      void client.query(Palette, { filter: readPatientSearch(asked).filter }, { requestPolicy: 'network-only' }).toPromise().then(({ data, error }) => {
        if (current) setFound({ for: asked, patients: data?.patients ?? null, trouble: data ? '' : isForbidden(error) ? 'You may not search patients.' : 'Patients: not loaded. Try again.' })
      })
    }, 150)
    return () => { current = false; clearTimeout(wait) }
  }, [client, asked, searchesPatients])

  const options = useMemo<Option[]>(() => {
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (name: string) => words.every((word) => name.toLowerCase().includes(word))
    const people = found?.for === asked ? found.patients?.nodes ?? [] : []
    return [
      ...people.map((p) => ({
        id: p.id, group: 'Patients', text: patientName(p.name),
        detail: [p.birthDate ? `born ${formatDay(p.birthDate)}${p.age ? ` (${ageText(p.age)})` : ''}` : 'birth date not recorded', genderText(p.gender), p.mrn ? `MRN ${p.mrn}` : 'MRN not recorded'].join(' · '),
        act: () => go({ name: '', path: chartPath(p.fhirId) }),
      })),
      ...places.filter((place) => fits(place.name)).map((place) => ({ id: place.path, group: 'Pages', text: place.name, detail: place.keys ?? '', act: () => go(place) })),
      ...commands.filter((command) => fits(command.name)).map((command) => ({ id: command.name, group: 'Do', text: command.name, detail: command.hint ?? '', act: command.act })),
    ]
  }, [asked, found, places, commands, go])
  const at = Math.min(active, Math.max(0, options.length - 1))

  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      if (options.length > 0) setActive((at + step + options.length) % options.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      onClose()
      options[at]?.act()
    }
  }
  const total = found?.for === asked ? found.patients?.totalCount ?? 0 : 0
  const waiting = searchesPatients && asked.length >= 2 && found?.for !== asked
  const said = waiting ? 'Searching …'
    : found?.for === asked && found.trouble ? found.trouble
    : searchesPatients && asked.length >= 2 ? `${total === 0 ? 'No patient' : total === 1 ? '1 patient' : `${total} patients`}: ${readPatientSearch(asked).words}${total > 8 ? ', the first 8 shown' : ''}`
    : searchesPatients ? 'Two letters search patients by name, number or birth date (14-Jul-1945).' : 'Go to a page, or do something.'
  return (
    <Dialog open onClose={onClose} aria-labelledby={`${id}-name`} fullWidth maxWidth="sm" className={css.dialog}>
      <h2 id={`${id}-name`} className="visually-hidden">Search and commands</h2>
      <input
        ref={appeared} className={css.field} type="text" role="combobox" aria-label="Search patients and pages" aria-expanded aria-controls={`${id}-list`} aria-autocomplete="list" autoComplete="off" spellCheck={false}
        aria-activedescendant={options[at] ? `${id}-${at}` : undefined} placeholder={searchesPatients ? 'Patient or page' : 'Page'}
        value={text} onChange={(e) => { setText(e.target.value); setActive(0) }} onKeyDown={keys}
      />
      <p className={css.said} role="status">{said}</p>
      <div id={`${id}-list`} role="listbox" aria-label="Found" className={css.list}>
        {options.map((option, i) => (
          <div
            key={`${option.group} ${option.id}`} id={`${id}-${i}`} role="option" tabIndex={-1} aria-selected={i === at} className={css.option}
            ref={(element) => { if (i === at) element?.scrollIntoView?.({ block: 'nearest' }) }}
            onMouseMove={() => setActive(i)} onClick={() => { onClose(); option.act() }}
          >
            <span className={css.group}>{option.group === options[i - 1]?.group ? '' : option.group}</span>
            <span className={css.text}>{option.text}</span>
            <span className={css.detail}>{option.detail}</span>
          </div>
        ))}
      </div>
    </Dialog>
  )
}
