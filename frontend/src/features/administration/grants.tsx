import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useMemo, useState } from 'react'
import { useMutation, useQuery, type CombinedError } from 'urql'
import type { FieldSpec } from '../../components/act/act'
import { ActDialog, type ActForm } from '../../components/act/act-dialog'
import type { Find } from '../../components/act/catalog'
import { findPatients } from '../../components/act/people'
import { Moment } from '../../components/ui/moment'
import { isForbidden, NotPermitted } from '../../components/ui/part'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { useSession } from '../../contexts/session'
import { graphql } from '../../gql'
import type { ChartGrantsQuery } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { withOffset } from '../../lib/date'
import { maySeePatients } from '../../lib/permissions'
import css from './administration.module.css'

const Grants = graphql(`query ChartGrants { chartGrants { id login name patientId explanation openedAt expiresAt } }`)
const Give = graphql(`mutation GiveChartGrant($input: ChartGrantGiveInput!) { chartGrantGive(input: $input) { grant { id } } }`)
const End = graphql(`mutation EndChartGrant($id: ID!) { chartGrantEnd(id: $id) { grant { id } } }`)

type Grant = ChartGrantsQuery['chartGrants'][number]
const words = (error: CombinedError): string => error.graphQLErrors.map((e) => e.message).join('. ') || 'The server cannot be reached'
const reference = (id: string): string => (id.includes('/') ? id : `Patient/${id}`)

/** Patients by name, number or birth date. A chart that is very restricted as a whole is hidden from this search too: it is named by its id. */
const findChart: Find = async (client, search) => (search.startsWith('Patient/') ? [{ id: search, codings: [], text: search }] : findPatients(client, search))
const WHO: FieldSpec = { name: 'patient', label: 'Patient', kind: 'concept', find: findChart, required: true, help: 'A name, MRN or birth date, then choose one from the list. A patient you may not see: Patient/ and the id.' }
const WHICH: FieldSpec = { name: 'patient', label: 'Id of the patient', required: true, help: 'Not the MRN: the id in the address of the chart, after /patients/. Your role does not see patients by name.' }

/** What is very restricted, or of a sensitivity that is not known: to whom of those who treat it is opened by name, in which chart, until when. */
export function GrantsView() {
  const announce = useAnnounce()
  const byName = maySeePatients(useSession().session)
  const [{ data, error, fetching }, again] = useQuery({ query: Grants, requestPolicy: 'network-only' })
  const [, give] = useMutation(Give)
  const [, end] = useMutation(End)
  const [giving, setGiving] = useState(false)
  const [ending, setEnding] = useState<Grant | null>(null)
  const [trouble, setTrouble] = useState('')
  const retry = () => again({ requestPolicy: 'network-only' })
  const form = useMemo((): ActForm => ({
    title: 'Give a grant', verb: 'Give', initial: {},
    fields: [
      { name: 'login', label: 'User name of a physician, nurse or pharmacist', required: true, help: 'Sees what is very restricted, or of a sensitivity that is not known, in one chart. Both names are recorded.' },
      byName ? WHO : WHICH, { name: 'explanation', label: 'Why', kind: 'area', required: true }, { name: 'until', label: 'Until, a year at most', kind: 'moment', required: true },
    ],
    submit: async (v, { chosen }) => {
      const login = v.login?.trim() ?? ''
      const patientId = chosen('patient') ?? reference(v.patient?.trim() ?? '')
      const { error } = await give({ input: { login, patientId, explanation: v.explanation?.trim() ?? '', until: withOffset(v.until ?? '') } })
      return error ? { kind: 'refused', problems: [{ text: `${words(error)}.` }] } : { kind: 'saved', told: `Given to ${login}` }
    },
  }), [byName, give])
  const stop = async (grant: Grant) => {
    setEnding(null)
    const answer = await end({ id: grant.id })
    setTrouble(answer.error ? `Not ended: ${words(answer.error)}.` : '')
    if (!answer.error) announce(`The grant of ${grant.name} has ended`)
    retry()
  }
  if (!data) {
    if (fetching) return <Loading rows={6} label="grants" />
    return isForbidden(error) ? <NotPermitted what="Grants" /> : <NotLoaded what="Grants" onRetry={retry} />
  }
  return (
    <div className={css.list}>
      <p className={css.count}><Button variant="contained" onClick={() => setGiving(true)}>Give a grant</Button></p>
      {trouble && <p role="alert" className={css.refused}>{trouble}</p>}
      {data.chartGrants.length === 0 ? <Empty>No grant is in force.</Empty> : (
        <RecordTable label="Grants" columns={['Who', 'Whose chart', 'Why', 'From', 'Until', 'Acts']}>
          {data.chartGrants.map((grant) => (
            <tr key={grant.id}>
              <th scope="row">{grant.name}<small className={css.sub}>{grant.login}</small></th>
              <td><code>{grant.patientId}</code></td>
              <td>{grant.explanation}</td>
              <td><Moment at={grant.openedAt} /></td>
              <td><Moment at={grant.expiresAt} /></td>
              <td><Button variant="text" onClick={() => setEnding(grant)} aria-label={`End the grant of ${grant.name} to ${grant.patientId}`}>End</Button></td>
            </tr>
          ))}
        </RecordTable>
      )}
      {giving && <ActDialog form={form} onClose={() => setGiving(false)} onSaved={(told) => { announce(told); setGiving(false); retry() }} />}
      {ending && (
        <Dialog open onClose={() => setEnding(null)} aria-labelledby="ending" maxWidth="xs" fullWidth>
          <DialogTitle id="ending">End this grant?</DialogTitle>
          <DialogContent><p>{ending.name} sees what is very restricted in {ending.patientId} no more, from now on.</p></DialogContent>
          <DialogActions>
            <Button variant="text" onClick={() => setEnding(null)}>Cancel</Button>
            <Button variant="contained" color="error" onClick={() => { void stop(ending) }}>End the grant</Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  )
}
