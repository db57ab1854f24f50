import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { answering, emptyPatient, failing, forbidden, renderPage, type FakeServer } from '../../testing/chart'
import { VitalsPage } from './vitals.page'

const point = (at: string, value: string) => ({ at, value, originalValue: value, observation: { id: `Observation/${at}` } })
const trend = (...points: object[]) => ({ code: { text: '', codings: [] }, points, excluded: [] })
const TRENDS: Record<string, object> = {
  'LOINC|29463-7': trend(point('2017-05-10', '9.5'), point('2019-05-10', '14.0')),
  'LOINC|8302-2': trend(point('2017-05-10', '75.2')),
  'LOINC|9843-4': trend(point('2016-11-10', '43.0'), point('2024-05-10', '52.0')),
}
const child = { ...emptyPatient, gender: 'MALE', birthDate: '2016-05-10', age: { value: 10, unit: 'YEARS' }, trend: ({ code }: { code: string }) => TRENDS[code] ?? null }
const show = (server: FakeServer, query = '?view=growth') => renderPage(<VitalsPage />, '/patients/:id/clinical/vitals', `/patients/ada/clinical/vitals${query}`, server)

it('of a child the sheet is a press away from the curves, with the place of each measurement and its reference', async () => {
  show({ root: answering(child) }, '')
  await userEvent.click(await screen.findByRole('button', { name: 'Growth' }))
  expect(await screen.findByRole('group', { name: 'Weight by age, CDC 2000, 2 to 20 years, boys, percentiles 3 to 97; 1 measurements' })).toBeVisible()
  expect(screen.getByRole('img', { name: /^10-May-2019, 3 years: 14\.0 kg, percentile \d/ })).toBeVisible()
  expect(screen.getByText(/One measurement stands in the other reference/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'WHO 2006, birth to 2 years' }))
  expect(screen.getByRole('img', { name: '10-May-2017, 12.0 months: 9.5 kg, percentile 44.5, z −0.14' })).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Table' }))
  expect(within(screen.getByRole('table', { name: 'Weight' })).getByRole('row', { name: '10-May-2017 12.0 months 9.5 44.5 −0.14 WHO 2006, birth to 2 years' })).toBeVisible()
})

it('the ages around the measurements are shown, and all of the reference when it is asked for', async () => {
  show({ root: answering(child) })
  expect(await screen.findByText('2 to 5 years')).toHaveAttribute('aria-pressed', 'true')
  expect(screen.queryByText('80')).toBeNull()
  await userEvent.click(screen.getByText('All ages'))
  expect(screen.getByText('80')).toBeVisible()
})

it('what lies beyond a reference is told without a percentile, and what is not recorded is said', async () => {
  show({ root: answering(child) })
  await userEvent.click(await screen.findByRole('button', { name: 'Head' }))
  expect(screen.getByText(/One measurement is out of the range of the references, so no percentile is told: 52.0 cm on 10-May-2024/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'BMI' }))
  expect(screen.getByText('No body mass index with a day and a number is recorded.')).toBeVisible()
})

it('of a child born before term the corrected age stands beside the other, and says what it rests on', async () => {
  const early = { ...child, birthDate: '2016-05-10', trend: ({ code }: { code: string }) => (code === 'LOINC|76516-4' ? trend(point('2016-06-20', '31')) : code === 'LOINC|29463-7' ? trend(point('2016-06-10', '2.6'), point('2017-05-10', '9.5'), point('2019-05-10', '14.0')) : null) }
  show({ root: answering(early) })
  expect(await screen.findByText(/Born at 31 weeks \(recorded 20-Jun-2016\): 9 weeks before term; up to 24 months .* Pediatrics 2004;114:1362-4/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'WHO 2006, birth to 2 years' }))
  expect(screen.getByRole('img', { name: /^10-May-2017, 12\.0 months \(corrected 9\.9\): 9\.5 kg, percentile \d/ })).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Table' }))
  const table = within(screen.getByRole('table', { name: 'Weight' }))
  expect(table.getByRole('row', { name: /^10-May-2019 3 years – 14\.0 .* CDC 2000, 2 to 20 years$/ })).toBeVisible()
  expect(table.getByRole('row', { name: '10-Jun-2016 1.0 months −1.1 2.6 – – Before the day of term' })).toBeVisible()
})

it.each([
  ['none is recorded', null, /No gestational age at birth is recorded, so ages are not corrected/],
  ['it was at term', trend(point('2016-06-20', '39')), /Born at term by the gestational age on record/],
])('ages are not corrected when %s, and that is said', async (_, gestation, words) => {
  show({ root: answering({ ...child, trend: ({ code }: { code: string }) => (code === 'LOINC|76516-4' ? gestation : TRENDS[code] ?? null) }) })
  expect(await screen.findByText(words)).toBeVisible()
})

it('a gestational age that could not be read is not one that is not recorded', async () => {
  show({ root: answering({ ...child, trend: ({ code }: { code: string }) => (code === 'LOINC|76516-4' ? failing() : TRENDS[code] ?? null) }) })
  expect(await screen.findByText(/could not be read, so ages are not corrected/)).toBeVisible()
})

it('of an adult there is no growth chart, also by the address', async () => {
  show({ root: answering({ ...child, age: { value: 20, unit: 'YEARS' } }) })
  expect(await screen.findByText('No vital sign is recorded.')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Growth' })).toBeNull()
})

it('waits, tells what failed and what is not permitted', async () => {
  const server: FakeServer = { root: answering({ ...child, trend: failing }) }
  show(server)
  expect(await screen.findByText('Weight: not loaded.')).toBeVisible()
  server.root = answering({ ...child, trend: forbidden })
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('You may not see this.')).toBeVisible()
})

it('asks whose reference it is to be when the record says neither, and needs the day of birth', async () => {
  show({ root: answering({ ...child, gender: 'OTHER' }) })
  expect(await screen.findByText(/Choose which one is to be shown/)).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Girls' }))
  expect(screen.getByRole('group', { name: /^Weight by age, .*girls/ })).toBeVisible()
  document.body.innerHTML = ''
  show({ root: answering({ ...child, birthDate: '2016-05' }) })
  expect(await screen.findByText(/the day of birth is not recorded/)).toBeVisible()
})
