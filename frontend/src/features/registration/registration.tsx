import PersonAddAltOutlined from '@mui/icons-material/PersonAddAltOutlined'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ActDialog, type ActForm } from '../../components/act/act-dialog'
import { ActStrip, RowActs } from '../../components/act/acts'
import css from '../../components/act/act.module.css'
import { useSession } from '../../contexts/session'
import { read, type FragmentType } from '../../gql'
import { useAnnounce } from '../../hooks/use-announce'
import { useMay } from '../../hooks/use-may'
import { may } from '../../lib/permissions'
import { useDeathForms } from './death-forms'
import { PersonFields, usePersonForms } from './person-forms'
import own from './registration.module.css'

/** Registers a patient, also one who cannot say who they are, for who may, and goes on to the new chart. */
export function RegisterPatient() {
  const { session } = useSession()
  const navigate = useNavigate()
  const announce = useAnnounce()
  const forms = usePersonForms()
  const [form, setForm] = useState<ActForm | null>(null)
  if (!may(session, 'register')) return null
  return (
    <>
      <span className={own.both}>
        <Button variant="outlined" onClick={() => setForm(forms.unknown())}>Identity not known</Button>
        <Button variant="contained" startIcon={<PersonAddAltOutlined sx={{ fontSize: 18 }} />} onClick={() => setForm(forms.register())}>Register a patient</Button>
      </span>
      {form && <ActDialog form={form} onClose={() => setForm(null)} onSaved={(told, id) => { setForm(null); announce(told); if (id) void navigate(`/patients/${id}/clinical/demographics`) }} />}
    </>
  )
}

/** Changes who a patient is, and records a death or corrects it. */
export function PersonActs({ of }: { of: FragmentType<typeof PersonFields> | undefined }) {
  const acting = useMay('person')
  const forms = usePersonForms()
  const death = useDeathForms()
  if (!of) return null
  const person = read(PersonFields, of)
  if (!acting) return <div className={css.strip}><span>Who the patient is</span><RowActs of="the person" place={person.id} items={[]} /></div>
  return <ActStrip note="Who the patient is and how to reach them" items={[{ name: 'Change', form: () => forms.update(person) }, person.deceased?.deceased ? { name: 'Correct the death', form: () => death.correct(person) } : { name: 'Record the death', form: () => death.record(person) }]} more={<RowActs of="the person" place={person.id} items={[]} />} />
}
