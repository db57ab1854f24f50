import PersonAddAltOutlined from '@mui/icons-material/PersonAddAltOutlined'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ActDialog } from '../../components/act/act-dialog'
import { ActStrip, RowActs } from '../../components/act/acts'
import css from '../../components/act/act.module.css'
import { useSession } from '../../contexts/session'
import { read, type FragmentType } from '../../gql'
import { useAnnounce } from '../../hooks/use-announce'
import { useMay } from '../../hooks/use-may'
import { may } from '../../lib/permissions'
import { PersonFields, usePersonForms } from './person-forms'

/** Registers a patient, for who may, and goes on to the new chart. */
export function RegisterPatient() {
  const { session } = useSession()
  const navigate = useNavigate()
  const announce = useAnnounce()
  const forms = usePersonForms()
  const [open, setOpen] = useState(false)
  if (!may(session, 'register')) return null
  return (
    <>
      <Button variant="contained" startIcon={<PersonAddAltOutlined sx={{ fontSize: 18 }} />} onClick={() => setOpen(true)}>Register a patient</Button>
      {open && <ActDialog form={forms.register()} onClose={() => setOpen(false)} onSaved={(told, id) => { setOpen(false); announce(told); if (id) void navigate(`/patients/${id}/clinical/demographics`) }} />}
    </>
  )
}

/** Changes who a patient is. */
export function PersonActs({ of }: { of: FragmentType<typeof PersonFields> | undefined }) {
  const acting = useMay('person')
  const forms = usePersonForms()
  if (!of) return null
  const person = read(PersonFields, of)
  if (!acting) return <div className={css.strip}><span>Who the patient is</span><RowActs of="the person" place={person.id} items={[]} /></div>
  return <ActStrip note="Who the patient is and how to reach them" items={[{ name: 'Change', form: () => forms.update(person) }]} more={<RowActs of="the person" place={person.id} items={[]} />} />
}
