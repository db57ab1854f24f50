import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { renderPage } from '../../testing/chart'
import { FhirExplorerPage } from './fhir-explorer.page'

const TYPES = ['Account', 'Condition', 'Observation', 'Patient']
const metadata = { resourceType: 'CapabilityStatement', rest: [{ resource: TYPES.map((type) => ({ type, searchParam: [] })) }] }
const counted = (...all: (number | string)[]) => ({
  resourceType: 'Bundle', type: 'batch-response',
  entry: all.map((one) => (typeof one === 'number' ? { resource: { resourceType: 'Bundle', type: 'searchset', total: one }, response: { status: '200 OK' } } : { response: { status: one } })),
})
const json = (body: object) => new Response(JSON.stringify(body))
let batches: { url: string; init: RequestInit }[]
/** What the server answers to each batch, in turn. */
let answers: (() => Promise<Response>)[]
beforeEach(() => {
  batches = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url.endsWith('/metadata')) return json(metadata)
    batches.push({ url, init })
    return answers[batches.length - 1]?.() ?? Promise.reject(new Error('not expected'))
  })
  Element.prototype.scrollIntoView = () => undefined
})
afterEach(() => vi.unstubAllGlobals())

const show = () => renderPage(<FhirExplorerPage />, '/fhir-explorer', '/fhir-explorer', { root: {} }, 'analyst')
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
