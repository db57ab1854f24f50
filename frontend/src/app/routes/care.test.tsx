import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, fullPatient, page, renderPage } from '../../testing/chart'
import { CarePage } from './care.page'

const show = (root: object, at = '/patients/ada/clinical/care', role?: string) => renderPage(<CarePage />, '/patients/:id/clinical/care', at, { root }, role)

it('writes about the patient of the chart, to a team that is in force', async () => {
  const sent: unknown[] = []
  const node = (id: string) => ({ id, fhirId: id.split('/')[1], versionId: '1', lastUpdated: '2026-01-01T00:00:00Z', fhir: {} })
  show(answering(fullPatient, {
    practitioners: page(),
    messageSend: ({ input }: { input: object }) => { sent.push({ ...input }); return { outcome: { __typename: 'MessageSent', message: { ...node('Communication/x'), text: '', recipients: [], inReplyTo: [], about: [] }, tasks: [] } } },
  }))
  await userEvent.click(await screen.findByRole('button', { name: 'Write a message' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Write about LIND, Ada (Mrs)' }))
  expect(dialog.queryByLabelText(/^About/)).toBeNull()
  await userEvent.type(dialog.getByLabelText('To'), 'ward')
  await userEvent.click(await screen.findByRole('option', { name: 'Ward 6 West, team of LIND, Ada (Mrs)' }))
  await userEvent.type(dialog.getByLabelText('Subject'), 'Handover')
  await userEvent.type(dialog.getByLabelText('Message'), 'Sleeps well')
  await userEvent.click(dialog.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(sent).toMatchObject([{ recipients: ['CareTeam/t1'], patient: 'Patient/ada', subject: 'Handover', priority: 'ROUTINE' }]))
})

it('offers no message from a chart as it stood in the past', async () => {
  show(answering(fullPatient), '/patients/ada/clinical/care?asOf=2026-01-01T00:00:00Z')
  await screen.findAllByText('Ward 6 West')
  expect(screen.queryByRole('button', { name: 'Write a message' })).toBeNull()
})
