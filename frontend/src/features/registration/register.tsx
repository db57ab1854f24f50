import Button from '@mui/material/Button'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { genderText, patientName } from '../../components/clinical/person'
import { ActDialog } from '../../components/form/act-dialog'
import { Choice, PartialDate, TextField } from '../../components/form/fields'
import css from '../../components/form/form.module.css'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { Gender, PatientRegisterInput } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'
import { fieldOf } from '../../lib/act'
import { formatDay } from '../../lib/date'
import { mayRegister } from '../../lib/permissions'

const RegisterPatient = graphql(`
  mutation RegisterPatient($input: PatientRegisterInput!) {
    patientRegister(input: $input) {
      outcome {
        __typename
        ... on PatientSaved { patient { id fhirId mrn } }
        ... on PossibleDuplicates { candidates { agrees score patient { id fhirId mrn gender birthDate name { display family given prefix } } } }
        ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion }
      }
    }
  }
`)

const SAVED = ['PatientSaved']
const GENDERS: readonly (readonly [Gender, string])[] = [['FEMALE', 'Female'], ['MALE', 'Male'], ['OTHER', 'Other'], ['UNKNOWN', 'Unknown']]
const AGREES: Readonly<Record<string, string>> = { family: 'family name', given: 'given name', birthDate: 'date of birth', gender: 'gender', phone: 'telephone', identifier: 'identifier' }

/** Registers a new patient, for who may. */
export function RegisterPatientButton() {
  const [open, setOpen] = useState(false)
  if (!mayRegister(useSession().session)) return null
  return (
    <>
      <Button variant="contained" size="small" onClick={() => setOpen(true)}>Register a patient</Button>
      {open && <RegisterDialog onClose={() => setOpen(false)} />}
    </>
  )
}

function RegisterDialog({ onClose }: { onClose: () => void }) {
  const announce = useAnnounce()
  const navigate = useNavigate()
  const [family, setFamily] = useState('')
  const [given, setGiven] = useState('')
  const [gender, setGender] = useState<Gender>('UNKNOWN')
  const [born, setBorn] = useState('')
  const [phone, setPhone] = useState('')
  const [email, setEmail] = useState('')
  const [lines, setLines] = useState('')
  const [city, setCity] = useState('')
  const [postal, setPostal] = useState('')
  const [different, setDifferent] = useState('')
  const { send, busy, result } = useAct(RegisterPatient, (data) => data.patientRegister.outcome, SAVED, (outcome) => {
    if (outcome.__typename !== 'PatientSaved') return
    announce(`Registered under ${outcome.patient.mrn ?? 'a new number'}`)
    onClose()
    void navigate(`/patients/${outcome.patient.fhirId}/clinical/demographics`)
  })
  const address = { ...(lines.trim() && { lines: lines.split('\n').map((l) => l.trim()).filter(Boolean) }), ...(city.trim() && { city }), ...(postal.trim() && { postalCode: postal }) }
  const candidates = result?.kind === 'other' && result.outcome.__typename === 'PossibleDuplicates' ? result.outcome.candidates : []
  const input = (): Omit<PatientRegisterInput, 'idempotencyKey'> => ({
    name: { family, given: given.split(/\s+/).filter(Boolean) }, gender, ...(born && { birthDate: born }), ...(phone.trim() && { phone }), ...(email.trim() && { email }),
    ...(Object.keys(address).length > 0 && { address }), ...(different.trim() && { confirmDifferent: different }),
  })
  const wrong = (field: string) => (result?.kind === 'invalid' ? result.issues.find((i) => fieldOf(i) === field)?.text : undefined)
  return (
    <ActDialog title="Register a patient" submit={candidates.length > 0 ? 'Register all the same' : 'Register'} busy={busy} dirty={!!(family || given || born || phone)} result={result} onClose={onClose} onSubmit={() => { void send(input()) }}
      renderOwn={(outcome) => (outcome.__typename === 'PossibleDuplicates' ? (
        <>
          <p>On record already, and alike. Open the one it is, or say below why this is somebody else.</p>
          <ul>
            {outcome.candidates.map((c) => (
              <li key={c.patient.id}>
                <Button size="small" variant="text" onClick={() => { onClose(); void navigate(`/patients/${c.patient.fhirId}/clinical/demographics`) }}>{patientName(c.patient.name)}</Button>{' '}
                {c.patient.birthDate ? formatDay(c.patient.birthDate) : 'Birth date not recorded'}, {genderText(c.patient.gender)}, MRN {c.patient.mrn ?? 'not recorded'}: same {c.agrees.map((a) => AGREES[a] ?? a).join(', ')}
              </li>
            ))}
          </ul>
        </>
      ) : null)}>
      <div className={css.row}>
        <TextField label="Family name" value={family} onChange={setFamily} required wrong={wrong('name')} />
        <TextField label="Given names" value={given} onChange={setGiven} />
      </div>
      <div className={css.row}>
        <PartialDate label="Date of birth" value={born} onChange={setBorn} wrong={wrong('birthDate')} />
        <Choice label="Gender" value={gender} options={GENDERS} onChange={setGender} />
      </div>
      <div className={css.row}>
        <TextField label="Telephone" type="tel" value={phone} onChange={setPhone} wrong={wrong('phone')} />
        <TextField label="E-mail" type="email" value={email} onChange={setEmail} wrong={wrong('email')} />
      </div>
      <div className={css.row}>
        <TextField label="Street" value={lines} onChange={setLines} rows={1} />
        <TextField label="City" value={city} onChange={setCity} />
        <TextField label="Postal code" value={postal} onChange={setPostal} />
      </div>
      {(candidates.length > 0 || different) && <TextField label="Why this is somebody else" value={different} onChange={setDifferent} required rows={2} wrong={wrong('confirmDifferent')} />}
    </ActDialog>
  )
}
