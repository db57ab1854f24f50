import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { given, useAct, type FieldSpec } from '../../components/act/act'
import { ActDialog, type ActForm } from '../../components/act/act-dialog'
import { graphql } from '../../gql'
import type { PatientFilter, PatientSort } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { localNow, momentOf } from '../../lib/date'
import { formatDecimal } from '../../lib/quantity'
import css from './patients.module.css'

const ExportPatients = graphql(`mutation ExportPatients($input: PatientListExportInput!) { patientListExport(input: $input) { csv rows at } }`)

/** Most patients that the server puts into one table, and the longest reason, in characters. */
export const MOST_EXPORTED = 10_000
const REASON = 500

const FIELDS: readonly FieldSpec[] = [{ name: 'reason', label: 'What it is for', kind: 'area', required: true, help: `In at most ${REASON} characters. It is kept in the audit.` }]
const patientsText = (count: number): string => (count === 1 ? '1 patient' : `${formatDecimal(String(count))} patients`)

/** A spreadsheet takes a file without the mark at its beginning for one of another alphabet. No patient is named in the name. */
function save(csv: string): string {
  const name = `patients-${localNow().replace(/[-:]/g, '').replace('T', '-')}.csv`
  const url = URL.createObjectURL(new Blob(['\uFEFF', csv], { type: 'text/csv;charset=utf-8;header=present' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
  return name
}

/** What of the patients is exported: `words` say which they are, `beyond` who of the rows that are shown is not among them. `count`: null when nobody knows. */
export interface Exported { filter: PatientFilter; fhirQuery?: string; sort: PatientSort; count: number | null; words: string; beyond: string | null }

function About({ of: { count, words, beyond } }: { of: Exported }) {
  return (
    <div className={css.about}>
      <p><strong>{count === null ? 'An unknown number of patients' : patientsText(count)}</strong>: {words}.</p>
      {beyond && <p>{beyond}</p>}
      <p>Of each: MRN, names, birth date, gender, death, telephone, general practitioner, and whether the record is in use. The file leaves the system: who opens it needs no password. The audit keeps who took it, when, what for, and whom it names.</p>
    </div>
  )
}

/** The form that asks what it is for. */
function formOf(of: Exported, act: ReturnType<typeof useAct>): ActForm {
  return {
    title: 'Export the list', verb: 'Export', doing: 'Exporting …', refused: 'Nothing was exported.', fields: FIELDS, initial: {},
    about: () => <About of={of} />,
    submit: async (values) => {
      const reason = given(values.reason) ?? ''
      if ([...reason].length > REASON) return { kind: 'refused', problems: [{ field: 'reason', text: `What it is for: at most ${REASON} characters; these are ${[...reason].length}.` }] }
      return act(ExportPatients, { input: { filter: of.filter, fhirQuery: of.fhirQuery, sort: of.sort, reason } }, ({ patientListExport: { csv, rows } }) => ({ kind: 'saved', told: `${patientsText(rows)} exported to ${save(csv)} at ${momentOf(Date.now())}.` }))
    },
  }
}

/** Takes the list out of the system as a table, with a reason, which the audit keeps. `of`: what, or in words why nothing can be taken. */
export function ExportList({ of }: { of: Exported | string }) {
  const act = useAct()
  const announce = useAnnounce()
  const [form, setForm] = useState<ActForm | null>(null)
  const [told, setTold] = useState<string | null>(null)
  const why = typeof of === 'string' ? of : null
  return (
    <span className={css.export}>
      {(why ?? told) && <small id="export-why">{why ?? told}</small>}
      <Button variant="outlined" startIcon={<FileDownloadOutlined sx={{ fontSize: 18 }} />} disabled={why !== null} aria-describedby={why ? 'export-why' : undefined} onClick={() => { if (typeof of !== 'string') setForm(formOf(of, act)) }}>Export</Button>
      {form && <ActDialog form={form} onClose={() => setForm(null)} onSaved={(words) => { setForm(null); setTold(words); announce(words) }} />}
    </span>
  )
}
