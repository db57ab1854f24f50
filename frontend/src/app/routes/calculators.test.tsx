import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, renderPage } from '../../testing/chart'
import { CalculatorsPage } from './calculators.page'

const sign = (code: string, value: string, unit: string, at = '2026-11-30T05:33:00Z') => ({
  observation: { id: `Observation/${code}`, fhirId: code, versionId: '1', lastUpdated: at, fhir: {}, status: 'FINAL', effectiveAt: at, code: { text: code, codings: [{ code }] }, category: [], components: [], value: { __typename: 'Quantity', value, unit, code: unit }, referenceRanges: [], performers: [], notes: [] },
})
const show = (...more: object[]) => renderPage(<CalculatorsPage />, '/patients/:id/clinical/calculators', '/patients/ada/clinical/calculators', {
  root: answering({ ...emptyPatient, age: { value: 60, unit: 'YEARS' }, latestResults: ({ category }: { category: string }) => (category === 'VITAL_SIGNS' ? [sign('9279-1', '16', '/min'), sign('2708-6', '98', '%'), sign('8867-4', '70', '/min'), sign('8310-5', '37', 'Cel'), ...more] : []) }),
})
const finding = (name: string) => within(screen.getByRole('radiogroup', { name }))

it('takes supplemental oxygen from the charted flow, with its time', async () => {
  show(sign('3151-8', '2', 'L/min', '2026-11-29T13:33:00Z'))
  expect(await screen.findByText('From the chart: 2 L/min, 29-Nov-2026 13:33, older than the saturation')).toBeVisible()
  expect(finding('Breathes supplemental oxygen').getByLabelText('Yes')).toBeChecked()
  await userEvent.type(screen.getByLabelText('Systolic pressure'), '120')
  expect(screen.getByRole('status', { name: 'Result' })).toHaveTextContent(/^2 pointsLow \(.*oxygen 2/)
})

it('asks for a finding that the chart does not have, and says that it counts as no', async () => {
  show()
  await userEvent.type(await screen.findByLabelText('Systolic pressure'), '120')
  const result = screen.getByRole('status', { name: 'Result' })
  expect(screen.getAllByText('Not from the chart; answer')).toHaveLength(3)
  expect(result).toHaveTextContent(/^0 points.*Counted as no, not answered: Breathes supplemental oxygen; Saturation on scale 2; Not alert/)
  await userEvent.click(finding('Breathes supplemental oxygen').getByLabelText('No'))
  expect(result).toHaveTextContent(/not answered: Saturation on scale 2; Not alert/)
  await userEvent.click(finding('Breathes supplemental oxygen').getByLabelText('Yes'))
  expect(result).toHaveTextContent(/^2 points/)
})
