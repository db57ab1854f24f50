import { useState } from 'react'
import { ActDialog } from '../../components/form/act-dialog'
import { Choice, PartialDate, TextField } from '../../components/form/fields'
import css from '../../components/form/form.module.css'
import { graphql } from '../../gql'
import type { Gender, PatientUpdateInput } from '../../gql/graphql'
import { useAct } from '../../hooks/use-act'
import { useAnnounce } from '../../hooks/use-announce'
import { fieldOf } from '../../lib/act'

const UpdatePatient = graphql(`
  mutation UpdatePatient($input: PatientUpdateInput!) {
    patientUpdate(input: $input) {
      outcome { __typename ... on PatientSaved { patient { id versionId } } ... on Invalid { issues { expression text } } ... on NotPermitted { permission } ... on Stale { currentVersion } }
    }
  }
`)

const SAVED = ['PatientSaved']
const GENDERS: readonly (readonly [Gender, string])[] = [['FEMALE', 'Female'], ['MALE', 'Male'], ['OTHER', 'Other'], ['UNKNOWN', 'Unknown']]

export interface PersonToChange { id: string; versionId: string; gender?: Gender | null; birthDate?: string | null; family: string; given: readonly string[]; prefix: readonly string[]; phone: string; email: string }

/** Who a patient is and how to reach them, changed. Only what was changed is sent. */
export function EditPatient({ of, onClose }: { of: PersonToChange; onClose: () => void }) {
  const announce = useAnnounce()
  const [family, setFamily] = useState(of.family)
  const [given, setGiven] = useState(of.given.join(' '))
  const [gender, setGender] = useState<Gender>(of.gender ?? 'UNKNOWN')
  const [born, setBorn] = useState<string>(of.birthDate ?? '')
  const [phone, setPhone] = useState(of.phone)
  const [email, setEmail] = useState(of.email)
  const { send, busy, result } = useAct(UpdatePatient, (data) => data.patientUpdate.outcome, SAVED, () => { announce('The patient is changed'); onClose() })
  const names = { family: family.trim(), given: given.split(/\s+/).filter(Boolean), ...(of.prefix[0] && { prefix: of.prefix.join(' ') }) }
  const changes = {
    ...((family !== of.family || given !== of.given.join(' ')) && { name: names }), ...(gender !== (of.gender ?? 'UNKNOWN') && { gender }),
    ...(born && born !== of.birthDate && { birthDate: born }), ...(phone.trim() && phone !== of.phone && { phone }), ...(email.trim() && email !== of.email && { email }),
  }
  const dirty = Object.keys(changes).length > 0
  const input = (): Omit<PatientUpdateInput, 'idempotencyKey'> => ({ id: of.id, expectedVersion: of.versionId, ...changes })
  const wrong = (field: string) => (result?.kind === 'invalid' ? result.issues.find((i) => fieldOf(i) === field)?.text : undefined)
  return (
    <ActDialog title="Change the patient" submit="Save" busy={busy} dirty={dirty} result={result} onClose={onClose} onSubmit={() => { if (dirty) void send(input()); else onClose() }}>
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
    </ActDialog>
  )
}
