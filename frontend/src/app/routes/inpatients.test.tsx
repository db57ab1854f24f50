import { act, cleanup, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { momentOf } from '../../lib/date'
import { failing, forbidden, fullPatient, renderPage } from '../../testing/chart'
import { InpatientsPage } from './inpatients.page'

const news = { name: 'NEWS2', value: '5', band: 'medium', at: '2026-11-30T08:00:00Z', inputs: [], missing: [], source: 'a college' }
const ada = { ...fullPatient, earlyWarning: news, codeStatus: { id: 'ServiceRequest/s1', doNotPerform: false, code: { text: 'do not attempt resuscitation', codings: [] }, authoredOn: '2026-11-20T08:00:00Z' } }
const stay = (patient: object | null, participants: object[] = []) => ({
  since: '2026-11-19T08:00:00Z', patient, encounter: { ...fullPatient.encounters.nodes[0], participants },
})
const bed = (name: string, ...stays: object[]) => ({ bed: { id: `Location/${name}`, display: `6 West, ${name}` }, operationalStatus: null, stays })
const census = (...beds: object[]) => ({ census: { at: '2026-11-29T08:00:00Z', patientCount: 2, expected: [], discharged: [], wards: [{ ward: { id: 'Location/w', display: '6 West' }, patientCount: 2, freeBedCount: 0, beds, withoutBed: [] }] } })
const show = (root: object) => renderPage(<InpatientsPage />, '/inpatients', '/inpatients', { root }, 'nurse')
const cells = async (name: RegExp) => within(await screen.findByRole('row', { name })).getAllByRole('cell').map((cell) => cell.textContent)

it('shows who is in charge of each patient, and what is ordered for when the heart stops', async () => {
  show(census(bed('bed 1', stay(ada, [{ display: 'Dr Lee' }, { display: 'Dr Kim' }])), bed('bed 2', stay({ ...fullPatient, mrn: '5582', codeStatus: null, earlyWarning: { ...news, value: null, band: null, at: null, missing: ['temperature'] } }))))
  expect(await cells(/4471/)).toEqual(['LIND, Ada (Mrs)4471', '14-Jul-194581y, Female', 'Do not attempt resuscitation20-Nov-2026', 'NEWS2 5, medium30-Nov-2026 08:00', 'Fall risk', 'Pneumonia', 'Dr Leesince 19-Nov-2026 08:00', ''])
  expect(await cells(/5582/)).toEqual(['LIND, Ada (Mrs)5582', '14-Jul-194581y, Female', 'Not recorded', 'No scoretemperature', 'Fall risk', 'Pneumonia', 'Not recordedsince 19-Nov-2026 08:00', ''])
})

it.each([['You may not see this', forbidden], ['Not loaded', failing]])('does not tell a code status that did not come from one that is not there: %s', async (words, codeStatus) => {
  show(census(bed('bed 1', stay({ ...ada, codeStatus }))))
  expect((await cells(/4471/))[2]).toBe(words)
})

it('says nothing of a patient who may not be seen', async () => {
  show(census(bed('bed 1', stay(null))))
  expect((await cells(/^Bed 1/)).slice(0, 2)).toEqual(['You may not see who this is', 'Pneumonia'])
})

it('tells isolation before other warnings, and only what is in force', async () => {
  const flag = (id: string, text: string, status = 'ACTIVE') => ({ ...fullPatient.flags.nodes[0], id: `Flag/${id}`, status, code: { text, codings: [] } })
  const nodes = [flag('a', 'Fall risk'), flag('b', 'Contact isolation'), flag('c', 'Airborne isolation', 'INACTIVE')]
  show(census(bed('bed 1', stay({ ...ada, flags: { ...fullPatient.flags, nodes } }))))
  expect((await cells(/4471/))[4]).toBe('Contact isolationFall risk')
})

it('offers by status and class what can be done with a stay, and nothing to whom it is not for', async () => {
  show(census(bed('bed 1', stay(ada)), bed('bed 2')))
  await userEvent.click(await screen.findByRole('button', { name: 'Acts for LIND, Ada (Mrs), MRN 4471' }))
  expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['Transfer', 'Discharge', 'Cancel the visit', 'Entered in error', 'History'])
  await userEvent.click(screen.getByRole('menuitem', { name: 'Discharge' }))
  expect(await screen.findByRole('dialog', { name: 'Discharge of LIND, Ada (Mrs), MRN 4471' })).toBeVisible()
  cleanup()
  renderPage(<InpatientsPage />, '/inpatients', '/inpatients', { root: census(bed('bed 1', stay(ada)), bed('bed 2')) }, 'pharmacist')
  await screen.findByText('bed 2')
  expect(screen.queryByRole('button', { name: /^Admit to/ })).toBeNull()
})

it('admits to a free bed, and shows one ward when the address names it', async () => {
  renderPage(<InpatientsPage />, '/inpatients', '/inpatients?ward=Location/w', { root: census(bed('bed 1', stay(ada)), bed('bed 2')) }, 'nurse')
  expect(await screen.findByRole('combobox', { name: /Ward/ })).toHaveValue('Location/w')
  await userEvent.click(screen.getByRole('button', { name: 'Admit to 6 West, bed 2' }))
  expect(await screen.findByRole('dialog', { name: 'Admit to 6 West, bed 2' })).toBeVisible()
  expect(screen.getByLabelText('Patient')).toBeVisible()
})

/** A patient by number whose next observations are due then; null: no score says when. */
const due = (mrn: string, dueAt: string | null) => stay({ ...ada, id: `Patient/${mrn}`, mrn, earlyWarning: dueAt ? { ...news, dueAt } : { ...news, value: null, band: null, at: null, missing: ['temperature'], dueAt } })
const LATE = '2026-11-30T09:00:00Z', LATER = '2999-01-01T00:00:00Z'
const withId = (of: ReturnType<typeof stay>, id: string) => ({ ...of, encounter: { ...of.encounter, id: `Encounter/${id}` } })
const three = () => census(bed('bed 1', withId(due('4471', LATE), 'a')), bed('bed 2', withId(due('5582', LATER), 'b')), bed('bed 3', withId(due('6693', null), 'c')), bed('bed 4'))

it('marks by words and a sign whose observations are overdue by the score, and says of the others when they are due', async () => {
  show(three())
  expect((await cells(/4471/))[3]).toBe(`NEWS2 5, medium30-Nov-2026 08:00Observations overdue since ${momentOf(Date.parse(LATE))}`)
  expect(within(screen.getByRole('row', { name: /4471/ })).getByText(/^Observations overdue/).previousElementSibling?.tagName).toBe('svg')
  expect((await cells(/5582/))[3]).toMatch(/Next due 01-Jan-2999/)
  expect((await cells(/6693/))[3]).toBe('No scoretemperature')
})

it('shows only those whose observations are overdue when asked to, says how many it does not show, and keeps that in the address', async () => {
  show(three())
  await userEvent.click(await screen.findByRole('checkbox', { name: 'Observations overdue only (1)' }))
  expect(screen.getAllByRole('link').map((link) => link.textContent)).toEqual(['LIND, Ada (Mrs)'])
  expect(screen.getByRole('row', { name: /4471/ })).toBeVisible()
  expect(screen.getByText('1 of 3 patients shown: the next observations by NEWS2 are overdue. 2 not shown, of whom 1 has no score that says when they are due; nor are free beds, expected and discharged patients.')).toBeVisible()
  expect(screen.queryByText('bed 4')).toBeNull()
  cleanup()
  renderPage(<InpatientsPage />, '/inpatients', '/inpatients?show=overdue', { root: census(bed('bed 2', due('5582', LATER))) }, 'nurse')
  expect(await screen.findByText('Nobody’s observations are overdue.')).toBeVisible()
  expect(screen.getByRole('checkbox', { name: 'Observations overdue only (0)' })).toBeChecked()
})

it('marks what becomes overdue while the census is looked at', async () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-30T08:59:50Z'), toFake: ['Date', 'setInterval', 'clearInterval'] })
  try {
    show(census(bed('bed 1', due('4471', LATE))))
    expect((await cells(/4471/))[3]).toMatch(/Next due 09:00$/)
    act(() => { vi.advanceTimersByTime(30_000) })
    expect((await cells(/4471/))[3]).toMatch(/Observations overdue since 09:00$/)
  } finally { vi.useRealTimers() }
})
