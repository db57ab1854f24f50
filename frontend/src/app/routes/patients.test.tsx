import { cleanup, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { emptyPatient, failing, forbidden, node, page, renderPage, type FakeServer } from '../../testing/chart'
import { PatientsPage } from './patients.page'

// jsdom lays nothing out: without a height the virtual list has no rows.
beforeEach(() => {
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600)
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(1000)
  Element.prototype.scrollTo = () => undefined
})

const show = (server: FakeServer) => renderPage(<PatientsPage />, '/patients', '/patients', server)

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading patients' })).toBeVisible()
})

it('says how the search was read when nobody is found', async () => {
  show({ root: { patients: page() } })
  expect(await screen.findByText('No patient is found: all patients.')).toBeVisible()
})

it('says that it was not loaded, and tries again', async () => {
  const server: FakeServer = { root: { patients: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = { patients: page(emptyPatient) }
  await userEvent.click(retry)
  expect(await screen.findByText('1 of 1 loaded')).toBeVisible()
})

it('says that it may not be seen', async () => {
  show({ root: { patients: forbidden } })
  expect(await screen.findByText(/You may not see this/)).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
})

it('shows who is on record, and in its place what may not be seen', async () => {
  show({ root: { patients: page({ ...emptyPatient, encounters: forbidden }, { ...emptyPatient, id: 'Patient/eva', birthDate: '1950-01-01', name: { ...emptyPatient.name, given: ['Eva'] } }) } })
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  expect(screen.getByText('14-Jul-1945', { exact: false })).toBeVisible()
  expect(screen.getAllByText('You may not see this')).toHaveLength(2)
})

it('has no column of visits where none may be seen', async () => {
  show({ root: { patients: page({ ...emptyPatient, encounters: forbidden }) } })
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  expect(screen.queryByText('You may not see this')).toBeNull()
  expect(screen.getAllByRole('columnheader').map((one) => one.textContent)).toEqual(['Starred', 'Name', 'Born', 'Gender', 'MRN', 'General practitioner', 'Coverage'])
})

const named = (id: string, family: string, more: object = {}) => ({ ...emptyPatient, id, name: { ...emptyPatient.name, family }, ...more })
const rowOf = async (name: string | RegExp) => (await screen.findByText(name)).closest('[role="row"]') as HTMLElement

it('says where somebody lies, who is their clinician and who pays, and what is to be known of the record', async () => {
  const stay = { ...node('Encounter/e1'), places: [{ location: { display: 'Ward 6, bed 3' }, period: { start: '2026-01-02T08:00:00Z' } }, { location: { display: 'Ward 1' }, period: { start: '2026-01-01T08:00:00Z', end: '2026-01-02T08:00:00Z' } }] }
  const pays = (display: string, more: object) => ({ ...node(`Coverage/${display}`), status: 'ACTIVE', payors: [{ display }], ...more })
  show({ root: { patients: page(
    named('Patient/in', 'Anders', { active: true, generalPractitioners: [{ display: 'Dr Kim' }], encounters: ({ filter }: { filter?: object }) => (filter ? page(stay) : page()), coverage: page(pays('Second fund', { order: 2 }), pays('Old fund', { order: 1, period: { end: '2020-12-31' } }), pays('Health fund', { order: 1 })) }),
    named('Patient/old', 'Berg', { active: false, replacedBy: { ...emptyPatient, id: 'Patient/in', mrn: '7' } }),
    named('Patient/off', 'Castell', { active: false, deceased: { deceased: true, at: '2026-02-03' } }),
  ) } })
  const there = within(await rowOf('ANDERS, Ada (Mrs)'))
  for (const text of ['Ward 6, bed 3', 'Dr Kim', 'Health fund']) expect(there.getByText(text, { exact: false })).toBeVisible()
  expect(within(await rowOf('BERG, Ada (Mrs)')).getByText('Merged into MRN 7')).toBeVisible()
  const off = within(await rowOf('CASTELL, Ada (Mrs)'))
  for (const text of ['Deceased', 'Not in use', 'Not in hospital']) expect(off.getByText(text)).toBeVisible()
})

it('marks those whose names can be taken for each other with who the other is', async () => {
  show({ root: { patients: page(named('Patient/1', 'Meyer'), named('Patient/2', 'Maier', { birthDate: '1950-02-03' }), named('Patient/3', 'Olsen'), named('Patient/4', 'Meyer', { replacedBy: emptyPatient })) } })
  const marks = await screen.findAllByText('Similar name')
  expect(marks.map((one) => document.getElementById(one.getAttribute('aria-describedby') ?? '')?.textContent)).toEqual(['MAIER, Ada (Mrs), born 03-Feb-1950', 'MEYER, Ada (Mrs), born 14-Jul-1945'])
})

/** Fixed defects: a page that could not be loaded took the loaded ones from the screen, and a cursor was used with another order. */
it('keeps what is loaded when the next page fails, and follows a cursor in its own order only', async () => {
  const asked: string[] = []
  let broken = true
  const patients = ({ sort, after }: { sort: string; after?: string }) => {
    asked.push(`${sort} ${after ?? 'first'}`)
    if (after && broken) return failing()
    return { ...page({ ...emptyPatient, id: `Patient/${sort}${after ?? ''}`, name: { ...emptyPatient.name, family: `${sort}${after ?? ''}` } }), totalCount: 2, pageInfo: { hasNextPage: !after, hasPreviousPage: false, endCursor: after ? null : `of ${sort}` } }
  }
  show({ root: { patients } })
  expect(await screen.findByText('The next patients could not be loaded.')).toBeVisible()
  expect(screen.getByText('FAMILY, Ada (Mrs)')).toBeVisible()
  broken = false
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('2 of 2 loaded')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Youngest' }))
  expect(await screen.findByText('BIRTH_DATE_DESCOF BIRTH_DATE_DESC, Ada (Mrs)')).toBeVisible()
  expect(asked.filter((one) => one.includes(' of '))).toEqual(expect.arrayContaining(['FAMILY of FAMILY', 'BIRTH_DATE_DESC of BIRTH_DATE_DESC']))
  expect(asked).not.toContain('BIRTH_DATE_DESC of FAMILY')
})

/** A look-up is in the audit of whom it finds: it is asked for, not made while one types. */
it('looks somebody up whom one does not treat, by an act of its own, and offers the chart in an emergency', async () => {
  const asked: object[] = []
  const card = { patientId: 'Patient/p2', name: 'Ada Stranger', birthDate: '1980-02-03', number: '2002' }
  show({ root: { patients: page(), me: { principal: 'lee', seesOnlyTreated: true }, personLookup: (by: object) => { asked.push({ ...by }); return [card] } } })
  expect(await screen.findByText(/You see the patients in your care/)).toBeVisible()
  expect(screen.queryByRole('button', { name: /Look up/ })).toBeNull()
  await userEvent.type(screen.getByLabelText('Search patients'), 'stranger')
  const act = await screen.findByRole('button', { name: 'Look up among all others …' })
  expect(asked).toEqual([])
  await userEvent.click(act)
  expect(await screen.findByText('Ada Stranger')).toBeVisible()
  expect(asked).toEqual([{ name: 'stranger', number: null }])
  await userEvent.click(screen.getByRole('button', { name: /Emergency access … to the chart of Ada Stranger/ }))
  expect(await screen.findByRole('dialog', { name: 'Open this chart in an emergency' })).toBeVisible()
})

it('offers no look-up where all patients are seen, nor to who does not treat', async () => {
  show({ root: { patients: page(emptyPatient), me: { principal: 'lee', seesOnlyTreated: false } } })
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  expect(screen.queryByText(/in your care/)).toBeNull()
})

it('narrows to one’s own lists, which stand in the address, and says of each why nobody is on it', async () => {
  const asked: unknown[] = []
  const patients = ({ filter }: { filter?: { list?: string } }) => { asked.push(filter?.list ?? null); return filter?.list === 'MINE' ? page(emptyPatient) : page() }
  show({ root: { patients } })
  await userEvent.click(await screen.findByRole('button', { name: 'Mine' }))
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Starred' }))
  expect(await screen.findByText(/You have starred no patient/)).toBeVisible()
  expect(screen.getByText('Starred: everybody on this list')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Inpatients' }))
  expect(await screen.findByText('Nobody is in hospital.')).toBeVisible()
  expect(asked).toEqual([null, 'MINE', 'STARRED', 'INPATIENT'])
})

it('shows the charts that were opened last, when, and nothing to search or order them by', async () => {
  renderPage(<PatientsPage />, '/patients', '/patients?list=recent', { root: { chartsOpened: [{ at: '2026-11-28T10:05:00Z', patient: emptyPatient }] } })
  expect(await screen.findByText('28-Nov-2026 10:05')).toBeVisible()
  expect(screen.queryByLabelText('Search patients')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Youngest' })).toBeNull()
})

it('a star is what the server says, by the button and by the key', async () => {
  let starred = false
  const server: FakeServer = { root: {
    patients: () => page({ ...emptyPatient, starred }),
    patientStar: ({ input }: { input: { starred: boolean } }) => { starred = input.starred; return { patient: { ...emptyPatient, starred } } },
  } }
  show(server)
  const star = await screen.findByRole('button', { name: 'Star LIND, Ada (Mrs)' })
  expect(star).toHaveAttribute('aria-pressed', 'false')
  await userEvent.click(star)
  await waitFor(() => expect(screen.getByRole('button', { name: 'Star LIND, Ada (Mrs)' })).toHaveAttribute('aria-pressed', 'true'))
  screen.getByRole('grid', { name: 'Patients' }).focus()
  await userEvent.keyboard('s')
  await waitFor(() => expect(screen.getByRole('button', { name: 'Star LIND, Ada (Mrs)' })).toHaveAttribute('aria-pressed', 'false'))
  server.root = { patientStar: failing }
  await userEvent.click(screen.getByRole('button', { name: 'Star LIND, Ada (Mrs)' }))
  await waitFor(() => expect(screen.getByRole('button', { name: 'Star LIND, Ada (Mrs)' })).toBeEnabled())
  expect(screen.getByRole('button', { name: 'Star LIND, Ada (Mrs)' })).toHaveAttribute('aria-pressed', 'false')
})

it('who sees no stays has no list of them', async () => {
  renderPage(<PatientsPage />, '/patients', '/patients?list=inpatients', { root: { patients: page(emptyPatient) } }, 'registrar')
  expect(await screen.findByText('1 of 1 loaded')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Inpatients' })).toBeNull()
  expect(screen.getByRole('button', { name: 'All' })).toHaveAttribute('aria-pressed', 'true')
})

it('finds those who sound like it after the others, each once, and says how they were found', async () => {
  const asked: unknown[] = []
  const patients = ({ filter }: { filter: { name?: string; soundsLike?: string } }) => {
    asked.push({ ...filter })
    return filter.soundsLike ? page(named('Patient/1', 'Meyer'), named('Patient/2', 'Maier')) : filter.name ? page(named('Patient/1', 'Meyer')) : page()
  }
  show({ root: { patients } })
  await userEvent.type(await screen.findByLabelText('Search patients'), 'Meyer')
  expect(await screen.findByText('1 of 1 loaded, and 1 more: name parts sound like “Meyer”')).toBeVisible()
  expect(screen.getAllByText('name parts sound like “Meyer”')).toHaveLength(2)
  expect((await rowOf('MAIER, Ada (Mrs)')).previousElementSibling).toHaveTextContent('name parts sound like “Meyer”')
  expect(asked.slice(-2)).toEqual([{ name: 'Meyer' }, { soundsLike: 'Meyer' }])
})

it('says of both readings that nobody is found', async () => {
  show({ root: { patients: page() } })
  await userEvent.type(await screen.findByLabelText('Search patients'), '5550101')
  expect(await screen.findByText('No patient is found: identifier is “5550101”, with or without spaces, nor telephone number is “5550101”.')).toBeVisible()
})

it('lists who comes today, and who lies on the ward that is chosen', async () => {
  const asked: { seen?: object; location?: string }[] = []
  const ward = (id: string, display: string, patientCount: number) => ({ ward: { id, display }, patientCount })
  show({ root: { patients: ({ filter }: { filter: { seen?: { low: string; high: string }; location?: string } }) => { asked.push(filter); return filter.location ? page(emptyPatient) : page() }, census: { wards: [ward('Location/6', '6 West', 1), ward('Location/7', '7 East', 0), { ward: null, patientCount: 1 }] } } })
  await userEvent.click(await screen.findByRole('button', { name: 'Today' }))
  expect(await screen.findByText('Nobody has an appointment or a visit today.')).toBeVisible()
  expect(Object.keys(asked.at(-1)?.seen ?? {})).toEqual(['low', 'high'])
  await userEvent.click(screen.getByRole('button', { name: 'Ward' }))
  expect(await screen.findByText('Choose a ward to see who lies there.')).toBeVisible()
  await userEvent.selectOptions(await screen.findByLabelText('Ward'), '6 West (1 patient)')
  expect(await screen.findByText('LIND, Ada (Mrs)')).toBeVisible()
  expect(asked.at(-1)?.location).toBe('Location/6')
})

/** What the page hands to the browser as a file. */
function files() {
  const saved: { name: string; text: Promise<string> }[] = []
  let blob = new Blob([])
  URL.createObjectURL = (of) => { if (of instanceof Blob) blob = of; return 'blob:x' }
  URL.revokeObjectURL = () => undefined
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function save(this: HTMLAnchorElement) { saved.push({ name: this.download, text: blob.text() }) })
  return saved
}
const exporting = (more: object = {}) => {
  const asked: object[] = []
  return { asked, root: { patients: page(emptyPatient), patientListExport: ({ input }: { input: object }) => { asked.push(JSON.parse(JSON.stringify(input)) as object); return { csv: 'MRN,Family name\r\n4471,Lind\r\n', rows: 1, at: '2026-12-01T04:00:00Z' } }, ...more } }
}

it('exports the list as it is filtered, with a reason, into a file that names nobody, and says so', async () => {
  const saved = files()
  const { asked, root } = exporting()
  show({ root })
  await userEvent.type(await screen.findByRole('searchbox', { name: 'Search patients' }), 'lind')
  await screen.findByText(/^1 of 1 loaded/)
  await userEvent.click(screen.getByRole('button', { name: 'Export' }))
  const dialog = await screen.findByRole('dialog', { name: 'Export the list' })
  expect(dialog).toHaveTextContent('1 patient: name parts start with “lind”.')
  expect(dialog).toHaveTextContent('Those found by the other reading (name parts sound like “lind”) are not among them.')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Export' }))
  expect(within(dialog).getByRole('alert')).toHaveTextContent('Nothing was exported.What it is for: say it, it cannot be left out.')
  expect(asked).toEqual([])
  await userEvent.type(within(dialog).getByLabelText('What it is for'), 'Recall for the flu clinic')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Export' }))
  expect(await screen.findByText(/^1 patient exported to patients-\d{8}-\d{4}\.csv at \d\d:\d\d\.$/, { selector: 'small' })).toBeVisible()
  expect(asked).toEqual([{ filter: { name: 'lind' }, sort: 'FAMILY', reason: 'Recall for the flu clinic' }])
  expect(saved[0]?.name).toMatch(/^patients-\d{8}-\d{4}\.csv$/)
  expect(await saved[0]?.text).toBe('MRN,Family name\r\n4471,Lind\r\n')
})

it('says in the dialog that a list was not exported, and keeps what was written', async () => {
  const saved = files()
  const { root } = exporting({ patientListExport: forbidden })
  show({ root })
  await screen.findByText('1 of 1 loaded')
  await userEvent.click(screen.getByRole('button', { name: 'Export' }))
  await userEvent.type(await screen.findByLabelText('What it is for'), 'A study')
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Export' }))
  expect(await within(screen.getByRole('dialog')).findByRole('alert')).toHaveTextContent('Nothing was exported.This act is not for your role.')
  expect(screen.getByLabelText('What it is for')).toHaveValue('A study')
  expect(saved).toEqual([])
})

it('exports the charts that were opened last by their ids, and only what sounds alike where nobody is called so', async () => {
  files()
  const { asked, root } = exporting({ chartsOpened: [{ at: '2026-11-30T08:00:00Z', patient: emptyPatient }] })
  const dialogOf = async () => {
    await userEvent.click(screen.getByRole('button', { name: 'Export' }))
    await userEvent.type(await screen.findByLabelText('What it is for'), 'A study')
    await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Export' }))
    await screen.findByText(/^1 patient exported/, { selector: 'small' })
  }
  renderPage(<PatientsPage />, '/patients', '/patients?list=recent', { root })
  await screen.findByText('1 of 1 loaded')
  await dialogOf()
  cleanup()
  renderPage(<PatientsPage />, '/patients', '/patients?q=lindt', { root: { ...root, patients: ({ filter }: { filter: { name?: string } }) => page(...(filter.name ? [] : [emptyPatient])) } })
  await screen.findByText(/and 1 more: name parts sound like/)
  await dialogOf()
  expect(asked).toMatchObject([{ filter: {}, fhirQuery: '_id=ada' }, { filter: { soundsLike: 'lindt' } }])
})

it.each([['nobody is on it', page(), 'Nobody is on this list.'], ['there are too many', { ...page(emptyPatient), totalCount: 10_001 }, 'More than 10,000 patients: narrow the list.'], ['none may be seen', forbidden, 'You may not see patients.']])('does not offer to export a list when %s, and says why', async (_, patients, why) => {
  show({ root: { patients } })
  expect(await screen.findByText(why)).toBeVisible()
  expect(screen.getByRole('button', { name: 'Export' })).toBeDisabled()
  expect(screen.getByRole('button', { name: 'Export' })).toHaveAccessibleDescription(why)
})
