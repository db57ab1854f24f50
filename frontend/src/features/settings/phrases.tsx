import Button from '@mui/material/Button'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'react-router'
import { useQuery } from 'urql'
import { useAct, type FieldSpec, type Outcome } from '../../components/act/act'
import { ActDialog, type ActForm } from '../../components/act/act-dialog'
import { RecordTable } from '../../components/ui/record-table'
import { Loading, NotLoaded } from '../../components/ui/states'
import { graphql } from '../../gql'
import type { OwnPhrasesQuery } from '../../gql/graphql'
import { useAnnounce } from '../../hooks/use-announce'
import { nameProblem, phraseName, PHRASES, type OwnPhrase } from '../../lib/phrases'
import css from './settings.module.css'

const OwnPhrases = graphql(`query OwnPhrases { savedQueries(kind: PHRASE) { name text } }`)
const SavePhrase = graphql(`mutation SavePhrase($input: SavedQuerySaveInput!) { savedQuerySave(input: $input) { queries { name text } } }`)
const RemovePhrase = graphql(`mutation RemovePhrase($input: SavedQueryRemoveInput!) { savedQueryRemove(input: $input) { queries { name text } } }`)

const FIELDS: readonly FieldSpec[] = [
  { name: 'name', label: 'Name', required: true, help: 'Letters a to z, digits and hyphens. In a note it is typed after a period.' },
  { name: 'text', label: 'Text', kind: 'area', required: true, help: `It is inserted as it stands here; ${PHRASES.map((p) => `.${p.name}`).join(', ')} in it become data of the chart.` },
]

/** The forms for one's phrases: `others` are the names that are taken. What the server has after an act goes to `changed`. */
function usePhraseForms(changed: (to: OwnPhrasesQuery['savedQueries']) => void) {
  const act = useAct()
  const keep = (name: string, text: string) => act(SavePhrase, { input: { kind: 'PHRASE' as const, name, text } }, ({ savedQuerySave: { queries } }): Outcome => { changed(queries); return { kind: 'saved', told: `.${name} is kept` } })
  const drop = (name: string) => act(RemovePhrase, { input: { kind: 'PHRASE' as const, name } }, ({ savedQueryRemove: { queries } }): Outcome => { changed(queries); return { kind: 'saved', told: `.${name} is removed` } })
  const checked = (typed: string | undefined, others: readonly string[], then: (name: string) => Promise<Outcome>): Promise<Outcome> => {
    const name = phraseName(typed ?? '')
    const wrong = nameProblem(name, others)
    return wrong ? Promise.resolve({ kind: 'refused', problems: [{ field: 'name', text: wrong }] }) : then(name)
  }
  return {
    add: (others: readonly string[]): ActForm => ({
      title: 'Add a phrase', verb: 'Add', initial: {}, fields: FIELDS,
      submit: (v) => checked(v.name, others, (name) => keep(name, v.text ?? '')),
    }),
    edit: (of: OwnPhrase, others: readonly string[]): ActForm => ({
      title: `Change .${of.name}`, verb: 'Save', initial: { name: of.name, text: of.text }, fields: FIELDS,
      submit: (v) => checked(v.name, others, async (name) => {
        const kept = await keep(name, v.text ?? '')
        if (kept.kind !== 'saved' || name === of.name) return kept
        const gone = await drop(of.name)
        return gone.kind === 'saved' ? { kind: 'saved', told: `.${of.name} is now .${name}` } : { kind: 'refused', problems: [{ text: `.${name} is kept, and .${of.name} could not be removed. Remove it in the list.` }] }
      }),
    }),
    remove: (of: OwnPhrase): ActForm => ({
      title: `Remove .${of.name}`, verb: 'Remove', danger: true, initial: {}, fields: [],
      about: () => <><p>Notes that it was used in keep their text. What it says now:</p><blockquote className={css.phrase}>{of.text}</blockquote></>,
      submit: () => drop(of.name),
    }),
  }
}

/** Texts of one's own for notes, kept on the server under short names. */
export function Phrases() {
  const announce = useAnnounce()
  const { hash } = useLocation()
  const part = useRef<HTMLElement>(null)
  const head = useRef<HTMLHeadingElement>(null)
  const [{ data, fetching }, again] = useQuery({ query: OwnPhrases, requestPolicy: 'network-only' })
  /** What the last act left; it is newer than what was read before. */
  const [left, setLeft] = useState<OwnPhrasesQuery['savedQueries'] | null>(null)
  const [form, setForm] = useState<ActForm | null>(null)
  const forms = usePhraseForms(setLeft)
  const own = left ?? data?.savedQueries
  const here = !!own
  // An address that leads here: the page scrolls inside itself.
  useEffect(() => {
    if (hash !== '#phrases' || !here) return
    part.current?.scrollIntoView?.({ block: 'start' })
    head.current?.focus({ preventScroll: true })
  }, [hash, here])
  const removed = useRef(false)
  useEffect(() => {
    // The button that was pressed is gone with its row.
    if (form || !removed.current) return
    removed.current = false
    head.current?.focus()
  }, [form])
  const others = (of?: OwnPhrase) => (own ?? []).flatMap((p) => (p.name === of?.name ? [] : p.name))
  return (
    <section aria-labelledby="phrases" className={css.part} ref={part}>
      <h2 id="phrases" ref={head} tabIndex={-1}>Phrases</h2>
      <p className={css.checked}>Texts of your own for notes. Typed after a period and followed by a space or Enter, as .{own?.[0]?.name ?? 'follow-up'}, the name becomes the text. Only you have them.</p>
      {!own ? (fetching ? <Loading rows={2} label="phrases" /> : <NotLoaded what="Phrases" onRetry={() => again({ requestPolicy: 'network-only' })} />) : (
        <>
          {own.length === 0 ? <p>You have no phrases.</p> : (
            <RecordTable label="Phrases" columns={['Name', 'Text', 'Acts']} widths={[18, 56, 26]}>
              {own.map((p) => (
                <tr key={p.name}>
                  <th scope="row">.{p.name}</th>
                  <td className={css.phrase}>{p.text}</td>
                  <td>
                    <div className={css.acts}>
                      <Button variant="outlined" aria-label={`Change .${p.name}`} onClick={() => setForm(forms.edit(p, others(p)))}>Change</Button>
                      <Button variant="text" color="error" aria-label={`Remove .${p.name}`} onClick={() => setForm(forms.remove(p))}>Remove</Button>
                    </div>
                  </td>
                </tr>
              ))}
            </RecordTable>
          )}
          <Button variant="outlined" sx={{ mt: '10px' }} onClick={() => setForm(forms.add(others()))}>Add a phrase</Button>
        </>
      )}
      {form && <ActDialog form={form} onClose={() => setForm(null)} onSaved={(told) => { removed.current = form.danger === true; setForm(null); announce(told) }} />}
    </section>
  )
}
