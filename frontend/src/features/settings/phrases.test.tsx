import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { failing, renderPage, type FakeServer } from '../../testing/chart'
import { Phrases } from './phrases'

const one = (name: string, text: string) => ({ name, text, savedAt: '2026-11-30T08:00:00Z' })
interface Input { kind: string; name: string; text: string }
/** Keeps phrases as the server does. */
function keeping(...first: ReturnType<typeof one>[]) {
  let kept = first
  const inputs: object[] = []
  const took = (input: Input) => { inputs.push({ ...input }); return { queries: kept } }
  return {
    inputs,
    root: {
      savedQueries: () => kept,
      savedQuerySave: ({ input }: { input: Input }) => { kept = [...kept.filter((p) => p.name !== input.name), one(input.name, input.text)]; return took(input) },
      savedQueryRemove: ({ input }: { input: Input }) => { kept = kept.filter((p) => p.name !== input.name); return took(input) },
    },
  }
}
const write = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } })
const show = (server: FakeServer, at = '/settings') => renderPage(<Phrases />, '/settings', at, server)

it('waits', async () => {
  show({ root: 'hang' })
  expect(await screen.findByRole('status', { name: 'Loading phrases' })).toBeVisible()
})

it('says that they were not loaded, tries again, and that there are none', async () => {
  const server: FakeServer = { root: { savedQueries: failing } }
  show(server)
  const retry = await screen.findByRole('button', { name: 'Try again' })
  server.root = keeping().root
  await userEvent.click(retry)
  expect(await screen.findByText('You have no phrases.')).toBeVisible()
})

it('a phrase is added; what cannot be its name is told at the name', async () => {
  const { root, inputs } = keeping(one('sob', 'No dyspnoea.'))
  show({ root }, '/settings#phrases')
  expect(await screen.findByRole('row', { name: /^\.sob No dyspnoea\./ })).toBeVisible()
  expect(screen.getByRole('heading', { name: 'Phrases' })).toHaveFocus()
  await userEvent.click(screen.getByRole('button', { name: 'Add a phrase' }))
  const dialog = within(screen.getByRole('dialog', { name: 'Add a phrase' }))
  const name = dialog.getByLabelText('Name')
  write(dialog.getByLabelText('Text'), 'Back in two weeks.')
  for (const [typed, why] of [['vitals', 'Name: .vitals stands for data of the chart already.'], ['SOB', 'Name: you have a phrase .sob already.'], ['two words', 'Name: letters a to z, digits and hyphens only.']] as const) {
    write(name, typed)
    await userEvent.click(dialog.getByRole('button', { name: 'Add' }))
    await waitFor(() => expect(name).toHaveAccessibleDescription(new RegExp(`^${why.replaceAll('.', '\\.')}`)))
    expect(name).toHaveAttribute('aria-invalid', 'true')
  }
  expect(inputs).toEqual([])
  write(name, '.Follow-up')
  await userEvent.click(dialog.getByRole('button', { name: 'Add' }))
  expect(await screen.findByRole('row', { name: /^\.follow-up Back in two weeks\./ })).toBeVisible()
  expect(inputs).toEqual([{ kind: 'PHRASE', name: 'follow-up', text: 'Back in two weeks.' }])
}, 60_000)

it('a phrase is changed under its name, or gets another one', async () => {
  const { root, inputs } = keeping(one('sob', 'No dyspnoea.'))
  show({ root })
  await userEvent.click(await screen.findByRole('button', { name: 'Change .sob' }))
  let dialog = within(screen.getByRole('dialog', { name: 'Change .sob' }))
  write(dialog.getByLabelText('Text'), 'No dyspnoea. None at night.')
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Change .sob' }))
  dialog = within(screen.getByRole('dialog', { name: 'Change .sob' }))
  write(dialog.getByLabelText('Name'), 'breath')
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }))
  expect(await screen.findByRole('row', { name: /^\.breath No dyspnoea\. None at night\./ })).toBeVisible()
  expect(screen.queryByRole('row', { name: /^\.sob/ })).toBeNull()
  expect(inputs).toEqual([{ kind: 'PHRASE', name: 'sob', text: 'No dyspnoea. None at night.' }, { kind: 'PHRASE', name: 'breath', text: 'No dyspnoea. None at night.' }, { kind: 'PHRASE', name: 'sob' }])
}, 60_000)

it('one is removed only when that is confirmed, and what the server refuses is told', async () => {
  const { root, inputs } = keeping(one('sob', 'No dyspnoea.'))
  const server: FakeServer = { root: { ...root, savedQueryRemove: failing } }
  show(server)
  await userEvent.click(await screen.findByRole('button', { name: 'Remove .sob' }))
  const dialog = within(screen.getByRole('dialog', { name: 'Remove .sob' }))
  expect(dialog.getByText('No dyspnoea.')).toBeVisible()
  expect(inputs).toEqual([])
  await userEvent.click(dialog.getByRole('button', { name: 'Remove' }))
  expect(await dialog.findByText('Nothing was recorded.')).toBeVisible()
  server.root = root
  await userEvent.click(dialog.getByRole('button', { name: 'Remove' }))
  expect(await screen.findByText('You have no phrases.')).toBeVisible()
  expect(screen.getByRole('heading', { name: 'Phrases' })).toHaveFocus()
}, 60_000)
