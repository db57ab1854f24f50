import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { renderPage } from '../../testing/chart'
import { SavedQueries } from './saved-queries'

const one = (name: string, text = 'Patient') => ({ name, text, savedAt: '2026-11-30T08:00:00Z' })

it('keeps what is asked on the server, opens it and removes it', async () => {
  let kept = [one('Women', 'Patient?gender=female')]
  const saved = vi.fn()
  const open = vi.fn<(text: string) => void>()
  const root = {
    savedQueries: () => kept,
    savedQuerySave: ({ input }: { input: { name: string; text: string } }) => { saved(input); kept = [...kept.filter((x) => x.name !== input.name), one(input.name, input.text)]; return { queries: kept } },
    savedQueryRemove: ({ input }: { input: { name: string } }) => { kept = kept.filter((x) => x.name !== input.name); return { queries: kept } },
  }
  renderPage(<SavedQueries kind="FHIR" text="Patient?name=a" what="searches" onOpen={open} />, '/', '/', { root })
  await userEvent.click(await screen.findByRole('button', { name: 'Open' }))
  expect(open).toHaveBeenCalledWith('Patient?gender=female')
  const name = screen.getByLabelText('Save as')
  await userEvent.type(name, 'Women')
  expect(screen.getByText('One of that name is there. It is replaced.')).toBeVisible()
  await userEvent.clear(name)
  await userEvent.type(name, 'By name{Enter}')
  await vi.waitFor(() => expect(saved).toHaveBeenCalledWith({ kind: 'FHIR', name: 'By name', text: 'Patient?name=a' }))
  await vi.waitFor(() => expect(screen.getByLabelText('Saved searches')).toBeInTheDocument())
  await userEvent.click(screen.getByRole('button', { name: 'Remove' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Remove' }))
  expect(await screen.findByText(/You have saved no searches/)).toBeVisible()
}, 20_000)

it('says in words what the server refused', async () => {
  const root = { savedQueries: () => [], savedQuerySave: () => { throw new Error('at most 100 questions are kept') } }
  renderPage(<SavedQueries kind="GRAPHQL" text="{ me { roles } }" what="queries" onOpen={() => undefined} />, '/', '/', { root })
  await userEvent.type(await screen.findByLabelText('Save as'), 'x{Enter}')
  expect(await screen.findByRole('alert')).toHaveTextContent('Not saved: at most 100 questions are kept.')
})
