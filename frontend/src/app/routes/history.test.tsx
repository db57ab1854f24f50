import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { answering, failing, fullPatient, renderPage } from '../../testing/chart'
import { ProblemsPage } from './problems.page'

afterEach(() => vi.unstubAllGlobals())

const version = (versionId: string, text: string) => ({ resource: { resourceType: 'Condition', id: 'c1', meta: { versionId, lastUpdated: `2026-01-0${versionId}T08:00:00Z` }, code: { text } } })
const provenance = { resource: { resourceType: 'Provenance', target: [{ reference: 'Condition/c1/_history/3' }], agent: [{ who: { display: 'Dr Lee' } }], reason: [{ text: 'Told by the patient' }] } }
const rest = () => vi.stubGlobal('fetch', (url: string) => Promise.resolve(new Response(JSON.stringify({ entry: url.includes('Provenance') ? [provenance] : [version('3', 'Asthma'), version('2', 'Wheeze'), version('1', 'Cough')] }))))

/** Opens the history of a problem, whose versions were written by those accounts. */
async function history(node: object, role?: string) {
  rest()
  renderPage(<ProblemsPage />, '/patients/:id/clinical/problems', '/patients/ada/clinical/problems', { root: answering(fullPatient, { node }) }, role)
  await userEvent.click(await screen.findByRole('button', { name: 'Acts for Asthma' }))
  await userEvent.click(screen.getByRole('menuitem', { name: 'History' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Versions: Asthma' }))
  await dialog.findByText('Version 3')
  return dialog.getAllByText(/^Version \d$/).map((one) => one.parentElement?.firstChild?.nextSibling?.nextSibling?.nextSibling?.nextSibling?.textContent)
}
const condition = { ...fullPatient.conditions.nodes[0], __typename: 'Condition' }
const wrote = { ...condition, history: { nodes: [['3', 'lee'], ['2', 'kim'], ['1', null]].map(([versionId, by]) => ({ versionId, by, action: 'UPDATED', at: '2026-01-01T08:00:00Z' })), pageInfo: { hasNextPage: false, hasPreviousPage: false } } }

it('tells who wrote each version, by the person whom the record names, else by the account', async () =>
  expect(await history(wrote)).toEqual(['by Dr Lee (log-in name lee)', 'by kim (log-in name)', 'by whom is not in the audit']))

it('tells the account also to who may not read who answers for it', async () =>
  expect(await history(wrote, 'registrar')).toEqual(['by lee (log-in name)', 'by kim (log-in name)', 'by whom is not in the audit']))

it('what could not be read is not told as absent from the audit', async () =>
  expect(await history({ ...condition, history: failing })).toEqual(['by Dr Lee', 'by whom is not loaded', 'by whom is not loaded']))
