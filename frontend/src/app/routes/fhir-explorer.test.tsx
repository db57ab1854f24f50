import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { renderPage } from '../../testing/chart'
import { FhirExplorerPage } from './fhir-explorer.page'

const TYPES = ['Account', 'Condition', 'Observation', 'Patient']
const PARAMETERS: Record<string, object[]> = { Observation: [{ name: '_id', type: 'token' }, { name: 'code', type: 'token' }, { name: 'date', type: 'date' }, { name: 'subject', type: 'reference' }], Patient: [{ name: 'name', type: 'string' }] }
const metadata = {
  resourceType: 'CapabilityStatement',
  rest: [{ resource: TYPES.map((type) => ({ type, searchParam: PARAMETERS[type] ?? [], searchInclude: type === 'Observation' ? ['Observation:subject'] : [], searchRevInclude: type === 'Patient' ? ['Observation:subject'] : [] })) }],
}
const counted = (...all: (number | string)[]) => ({
  resourceType: 'Bundle', type: 'batch-response',
  entry: all.map((one) => (typeof one === 'number' ? { resource: { resourceType: 'Bundle', type: 'searchset', total: one }, response: { status: '200 OK' } } : { response: { status: one } })),
})
const json = (body: object) => new Response(JSON.stringify(body))
const searchset = {
  resourceType: 'Bundle', type: 'searchset', total: 7, link: [],
  entry: [
    { resource: { resourceType: 'Observation', id: 'o', code: { text: 'HbA1c' }, subject: { reference: 'Patient/p' } }, search: { mode: 'match' } },
    { resource: { resourceType: 'Patient', id: 'p', name: [{ family: 'Ek', given: ['Åsa'] }] }, search: { mode: 'include' } },
    { resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'too-costly', diagnostics: 'not everything is included' }] }, search: { mode: 'outcome' } },
  ],
}
let searches: string[]
let batches: { url: string; init: RequestInit }[]
/** What the server answers to each batch, in turn. */
let answers: (() => Promise<Response>)[]
beforeEach(() => {
  batches = []
  searches = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url.endsWith('/metadata')) return json(metadata)
    if (url.includes('?')) { searches.push(url); return json(searchset) }
    batches.push({ url, init })
    return answers[batches.length - 1]?.() ?? Promise.reject(new Error('not expected'))
  })
  Element.prototype.scrollIntoView = () => undefined
})
afterEach(() => vi.unstubAllGlobals())

const show = () => renderPage(<FhirExplorerPage />, '/fhir-explorer', '/fhir-explorer', { root: { savedQueries: () => [] } }, 'analyst')
const types = async () => within(await screen.findByRole('navigation', { name: 'Resource types' }))
const named = (list: Awaited<ReturnType<typeof types>>) => list.getAllByRole('button').map((one) => one.textContent)

it('shows beside each type how many records of it one sees, by one question, and those with records alone when asked', async () => {
  answers = [async () => json(counted(0, '403 Forbidden', 12_345, '503 Service Unavailable'))]
  show()
  const list = await types()
  expect(await list.findByRole('button', { name: 'Observation', description: /^12,345 ?records$/ })).toBeVisible()
  expect(list.getByRole('button', { name: 'Account', description: /^0 ?records$/ })).toBeVisible()
  expect(list.getByRole('button', { name: 'Condition', description: 'no access' })).toBeVisible()
  expect(list.getByRole('button', { name: 'Patient', description: 'not counted' })).toBeVisible()
  expect(list.getByRole('status')).toHaveTextContent('1 of 4 types have records that you see')
  expect(batches).toHaveLength(1)
  expect(batches[0]).toMatchObject({ url: '/fhir/R4', init: { method: 'POST', headers: { 'X-WintEHR-Request': '1' } } })
  const asked = JSON.parse(String(batches[0]?.init.body)) as { type: string; entry: unknown }
  expect(asked.type).toBe('batch')
  expect(asked.entry).toEqual(TYPES.map((type) => ({ request: { method: 'GET', url: `${type}?_summary=count` } })))
  await userEvent.click(list.getByRole('checkbox', { name: 'Only types with records' }))
  expect(named(list)).toEqual(['Observation'])
  await userEvent.type(list.getByRole('searchbox', { name: 'Find a type' }), 'cond')
  expect(list.getByText('No type fits.')).toBeVisible()
})

it('is of use while types are counted', async () => {
  answers = [() => new Promise(() => undefined)]
  show()
  const list = await types()
  await userEvent.click(await list.findByRole('button', { name: 'Condition' }))
  expect(screen.getByRole('heading', { name: 'Condition' })).toBeVisible()
  expect(list.getByRole('status')).toHaveTextContent('4 types, counting their records …')
  expect(list.getByRole('checkbox', { name: 'Only types with records' })).toBeDisabled()
})

it('says that counts were not loaded, keeps the list, and counts again', async () => {
  answers = [() => Promise.reject(new TypeError('no connection')), async () => json(counted(1)), async () => json(counted(0, 0, 7, 2))]
  show()
  const list = await types()
  expect(await list.findByText('Counts were not loaded.')).toBeVisible()
  expect(named(list)).toEqual(['Count again', ...TYPES])
  // An answer that is not about every type is none.
  await userEvent.click(list.getByRole('button', { name: 'Count again' }))
  await userEvent.click(await list.findByRole('button', { name: 'Count again' }))
  expect(await list.findByRole('button', { name: 'Observation', description: /^7 ?records$/ })).toBeVisible()
})

it('makes a request of typed fields, and tells what was included and what the server says from what fits', async () => {
  answers = [async () => json(counted(0, 0, 1, 1))]
  show()
  await userEvent.click(await (await types()).findByRole('button', { name: 'Observation' }))
  await userEvent.click(screen.getByRole('button', { name: 'Add a condition' }))
  await userEvent.selectOptions(screen.getByLabelText('Parameter 1'), 'subject')
  await userEvent.selectOptions(screen.getByLabelText('Chain 1 from subject'), 'Patient')
  await userEvent.selectOptions(screen.getByLabelText('How 1'), 'contains')
  const request = screen.getByLabelText(/^Request/)
  expect(screen.getByText('One condition is incomplete and is left out.')).toBeVisible()
  await userEvent.type(screen.getByLabelText('Value 1'), 'a,b')
  expect(request).toHaveValue('Observation?subject:Patient.name:contains=a%5C,b&_count=20&_total=accurate')
  await userEvent.click(screen.getByRole('button', { name: 'Search' }))
  expect(await screen.findByText('1 of 7 shown')).toBeVisible()
  expect(searches).toEqual(['/fhir/R4/Observation?subject:Patient.name:contains=a%5C,b&_count=20&_total=accurate'])
  expect(within(screen.getByRole('table', { name: 'Observation' })).getAllByRole('row')).toHaveLength(2)
  const included = screen.getByRole('region', { name: 'Included' })
  expect(within(included).getByText('Ek, Åsa')).toBeVisible()
  expect(screen.getByText('not everything is included')).toBeVisible()
}, 30_000)

it('keeps and names what the fields cannot show', async () => {
  answers = [async () => json(counted(0, 0, 1, 1))]
  show()
  const request = await screen.findByLabelText(/^Request/)
  await userEvent.clear(request)
  await userEvent.type(request, 'Observation?_has:Patient:x:y=1&date=ge2020')
  await userEvent.click(screen.getByRole('button', { name: 'Take into the fields' }))
  expect(screen.getByRole('heading', { name: 'Observation' })).toBeVisible()
  expect(screen.getByRole('note')).toHaveTextContent('_has:Patient:x:y=1')
  expect(screen.getByLabelText('How 1')).toHaveValue('ge')
  expect(screen.getByLabelText('Value 1')).toHaveValue('2020')
}, 30_000)
