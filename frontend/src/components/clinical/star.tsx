import StarFilled from '@mui/icons-material/Star'
import StarBorderOutlined from '@mui/icons-material/StarBorderOutlined'
import IconButton from '@mui/material/IconButton'
import { useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../../gql'
import { useAnnounce } from '../../hooks/use-announce'

const PatientStar = graphql(`mutation PatientStar($input: PatientStarInput!) { patientStar(input: $input) { patient { id starred } } }`)

/** Stars a patient for oneself, or takes the star back: what the server says it became, null when it could not be done. */
export function useStar(): (patient: string, name: string, starred: boolean) => Promise<boolean | null> {
  const client = useClient()
  const announce = useAnnounce()
  return async (patient, name, starred) => {
    const { data, error } = await client.mutation(PatientStar, { input: { patient, starred } }).toPromise()
    const now = data?.patientStar.patient.starred ?? null
    announce(error || now === null ? `${name} could not be ${starred ? 'starred' : 'taken from the starred'}: ${error?.graphQLErrors[0]?.message ?? 'the server cannot be reached'}` : now ? `${name} is starred` : `${name} is not starred any more`)
    return error ? null : now
  }
}

/** Whether one has starred a patient, to be pressed. Filled means starred, and the name says so. */
export function Star({ patient, name, starred, onChanged, tabIndex }: { patient: string; name: string; starred: boolean; onChanged: (starred: boolean) => void; tabIndex?: number }) {
  const star = useStar()
  const [busy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    const now = await star(patient, name, !starred)
    setBusy(false)
    if (now !== null) onChanged(now)
  }
  return (
    <IconButton aria-label={`Star ${name}`} aria-pressed={starred} disabled={busy} tabIndex={tabIndex} title={starred ? 'Starred' : 'Not starred'} onClick={(event) => { event.stopPropagation(); void press() }}>
      {starred ? <StarFilled sx={{ fontSize: 20 }} /> : <StarBorderOutlined sx={{ fontSize: 20 }} />}
    </IconButton>
  )
}
