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
const finding = (name: string | RegExp) => within(screen.getByRole('radiogroup', { name }))

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

const level = (code: string, text: string) => ({ observation: { ...sign('67775-7', '', '', '2026-11-29T13:33:00Z').observation, value: { __typename: 'Concept', text, codings: [{ system: 'http://loinc.org', code }] } } })

it.each([['LA6560-2', 'Confused', 'Yes', 3], ['LA17108-4', 'Verbal', 'Yes', 3], ['LA17107-6', 'Painful', 'Yes', 3], ['LA9343-0', 'Unresponsive', 'Yes', 3], ['LA9340-6', 'Alert', 'No', 0]])('takes consciousness from the chart, with its time: %s %s', async (code, text, answer, points) => {
  show(level(code, text))
  expect(await screen.findByText(`From the chart: ${text}, 29-Nov-2026 13:33, older than the saturation`)).toBeVisible()
  expect(finding(/^Not alert/).getByLabelText(answer)).toBeChecked()
  await userEvent.type(screen.getByLabelText('Systolic pressure'), '120')
  const result = screen.getByRole('status', { name: 'Result' })
  expect(result).toHaveTextContent(new RegExp(`^${points} points.*consciousness ${points}`))
  expect(result).not.toHaveTextContent(/not answered:.*Not alert/)
})

it('does not guess what a level says that is none of the five', async () => {
  show(level('LA00000-0', 'Drowsy'))
  expect(await screen.findByText('On record: Drowsy, 29-Nov-2026 13:33, which does not answer it, older than the saturation')).toBeVisible()
  for (const answer of ['Yes', 'No']) expect(finding(/^Not alert/).getByLabelText(answer)).not.toBeChecked()
  await userEvent.type(screen.getByLabelText('Systolic pressure'), '120')
  expect(screen.getByRole('status', { name: 'Result' })).toHaveTextContent(/Counted as no, not answered:.*Not alert/)
})
