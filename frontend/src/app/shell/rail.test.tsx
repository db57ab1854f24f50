import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AppearanceProvider } from '../../contexts/appearance'
import { SessionProvider } from '../../contexts/session'
import { areas } from './places'
import { Rail } from './rail'

const width = (narrow: boolean) => vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes('max-width: 899px') && narrow, addEventListener: () => undefined, removeEventListener: () => undefined }))
beforeEach(() => width(true))
afterEach(() => vi.unstubAllGlobals())

const help = vi.fn()
function show(role: string, at = '/patients', demo = true) {
  const who = { session: { user: 'lee', name: 'Dr Lee', roles: [role], fhirUser: null, remainingMs: null }, config: { demo, environment: 'Test', demoUsers: [] } }
  const rail = <Rail places={areas(who.session, who.config, 'app')} news={{ count: 2, refused: false }} onSearch={() => undefined} onHelp={help} />
  render(<AppearanceProvider><SessionProvider value={who}><RouterProvider router={createMemoryRouter([{ path: '*', element: rail }], { initialEntries: [at] })} /></SessionProvider></AppearanceProvider>)
  return within(screen.getByRole('navigation', { name: 'Areas' }))
}
const names = (rail: ReturnType<typeof show>) => rail.getAllByRole('link').map((link) => link.textContent)

it.each([
  ['physician', ['Patients', 'Inpatients', 'Schedule', 'Inbox2 new'], ['Encounters of all patients', 'Playground', 'FHIR explorer', 'GraphQL schema', 'Settings', 'Help']],
  ['pharmacist', ['Patients', 'Inpatients', 'Inbox2 new', 'Visits'], ['Playground', 'FHIR explorer', 'GraphQL schema', 'Settings', 'Help']],
  ['admin', ['Admin', 'Query', 'FHIR', 'Schema'], ['Settings', 'Help']],
])('a narrow window of a %s has the most used areas, and a menu of the others', async (role, bar, menu) => {
  const rail = show(role)
  expect(names(rail)).toEqual(bar)
  const more = rail.getByRole('button', { name: /^More ?areas$/ })
  expect(more).toHaveAttribute('aria-expanded', 'false')
  more.focus()
  await userEvent.keyboard('{Enter}')
  expect(more).toHaveAttribute('aria-expanded', 'true')
  expect(within(screen.getByRole('menu', { name: 'More areas' })).getAllByRole('menuitem').map((item) => item.textContent)).toEqual(menu)
  await userEvent.keyboard('{Escape}')
  expect(screen.queryByRole('menu')).toBeNull()
  expect(more).toHaveFocus()
})

it('the open area is marked also where it is one of the menu', async () => {
  const rail = show('physician', '/settings')
  const more = rail.getByRole('button', { name: /^More areas, open: ?Settings$/ })
  expect(more).toHaveClass('active')
  await userEvent.click(more)
  expect(screen.getByRole('menuitem', { name: 'Settings' })).toHaveAttribute('aria-current', 'page')
  await userEvent.click(screen.getByRole('menuitem', { name: 'FHIR explorer' }))
  expect(await rail.findByRole('button', { name: /^More areas, open: ?FHIR$/ })).toBeVisible()
})

it('help is in the menu', async () => {
  const rail = show('nurse')
  await userEvent.click(rail.getByRole('button', { name: /^More ?areas$/ }))
  await userEvent.click(screen.getByRole('menuitem', { name: 'Help' }))
  expect(help).toHaveBeenCalledOnce()
  expect(screen.queryByRole('menu')).toBeNull()
})

it('there is no menu for who has few areas, nor beside a page with room', () => {
  const analyst = show('analyst', '/settings', false)
  expect(names(analyst)).toEqual(['Query', 'FHIR', 'Schema', 'Settings'])
  expect(analyst.getByRole('button', { name: 'Help' })).toBeVisible()
  width(false)
  document.body.innerHTML = ''
  const wide = show('physician')
  expect(names(wide)).toHaveLength(9)
  expect(wide.queryByRole('button', { name: /^More ?areas$/ })).toBeNull()
})
