import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { failing, forbidden, fullPatient, page, renderPage } from '../../testing/chart'
import { HouseEncountersPage } from './house-encounters.page'

const [stay] = fullPatient.encounters.nodes
const visit = { ...stay, id: 'Encounter/e2', fhirId: 'e2', class: { code: 'AMB' }, status: 'ARRIVED', patient: null }
const asked: object[] = []
const encounters = (args: { filter?: object }) => { asked.push(args.filter ?? {}); return page({ ...stay, patient: fullPatient }, visit) }
const show = (root: object, at = '/encounters', role = 'nurse') => renderPage(<HouseEncountersPage />, '/encounters', at, { root }, role)
afterEach(() => vi.unstubAllGlobals())

it('shows the visits of all patients, whose chart opens at the visit', async () => {
  show({ encounters })
  expect(await screen.findByRole('link', { name: 'LIND, Ada (Mrs)' })).toHaveAttribute('href', '/patients/ada/clinical/encounters/e1')
  expect(screen.getByRole('row', { name: /You may not see who this is/ })).toHaveTextContent('Arrived')
  expect(screen.getAllByText('6 West, bed 3')[0]?.closest('td')).toHaveTextContent(/^6 West, bed 3before: 4 East, bed 1$/)
  await userEvent.click(screen.getByRole('button', { name: /Acts for Inpatient of LIND/ }))
  expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['Transfer', 'Discharge', 'Cancel the visit', 'Entered in error', 'History'])
})

it('asks for what the address asks for, and says so', async () => {
  show({ encounters }, '/encounters?class=AMB&status=arrived&from=2026-11-01&mine=')
  expect(await screen.findByText('2, newest first, only outpatient, arrived, from 01-Nov-2026, yours')).toBeVisible()
  expect(asked.at(-1)).toMatchObject({ status: ['ARRIVED'], class: 'AMB', participant: 'Practitioner/lee' })
  await userEvent.click(screen.getByRole('button', { name: 'Show all' }))
  expect(await screen.findByText('2, newest first, only yours')).toBeVisible()
})

it('begins a visit of a patient who is chosen, for whom it is offered', async () => {
  show({ encounters })
  await userEvent.click(await screen.findByRole('button', { name: 'Begin a visit' }))
  expect(within(await screen.findByRole('dialog', { name: 'Begin a visit' })).getByLabelText('Patient')).toBeVisible()
})

it.each([['You may not see this.', forbidden], ['Encounters: not loaded.', failing]])('tells what could not be read: %s', async (text, how) => {
  show({ encounters: how }, '/encounters', 'pharmacist')
  expect(await screen.findByText(text)).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Begin a visit' })).toBeNull()
})

it('on a narrow page the reason stands under the encounter, and who under where', async () => {
  vi.stubGlobal('matchMedia', () => ({ matches: true, addEventListener: () => undefined, removeEventListener: () => undefined }))
  show({ encounters: () => page({ ...stay, patient: fullPatient, reasons: [{ text: 'Hyponatremia', codings: [] }], locations: [{ display: '6 West' }], participants: [{ display: 'Dr Lee' }] }) })
  expect((await screen.findAllByRole('columnheader')).map((head) => head.textContent)).toEqual(['Patient', 'Encounter, reason', 'When', 'Status', 'Where, who', 'Acts'])
  const cells = [...screen.getAllByRole('row')[1]?.children ?? []].map((cell) => cell.textContent)
  expect(cells[1]).toMatch(/Hyponatremia$/)
  expect(cells[4]).toBe('6 West, bed 3before: 4 East, bed 1Dr Lee')
})
