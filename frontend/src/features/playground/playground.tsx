import 'graphiql/setup-workers/vite'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import 'graphiql/graphiql.css'
import BookmarkBorderOutlined from '@mui/icons-material/BookmarkBorderOutlined'
import ChecklistOutlined from '@mui/icons-material/ChecklistOutlined'
import VerifiedUserOutlined from '@mui/icons-material/VerifiedUserOutlined'
import Checkbox from '@mui/material/Checkbox'
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react'
import { GraphiQL } from 'graphiql'
import type { GraphQLSchema } from 'graphql'
import { useCallback, useState, type MouseEvent } from 'react'
import { useAppearance } from '../../contexts/appearance'
import { failedWith, postGraphql } from '../../lib/graphql-plain'
import { EXAMPLES, type Example } from './examples'
import { memoryStorage } from './memory-storage'
import { Rights, Saved } from './own'
import css from './playground.module.css'
import { operationOf, refusal } from './read-only'
import { ResultBar, type Answered } from './result-bar'

const EXAMPLES_PLUGIN: GraphiQLPlugin = {
  title: 'Examples',
  icon: () => <ChecklistOutlined aria-hidden />,
  content: Examples,
}
const SAVED_PLUGIN: GraphiQLPlugin = { title: 'Saved queries', icon: () => <BookmarkBorderOutlined aria-hidden />, content: Saved }
const RIGHTS_PLUGIN: GraphiQLPlugin = { title: 'Your rights', icon: () => <VerifiedUserOutlined aria-hidden />, content: Rights }
const PLUGINS = [EXAMPLES_PLUGIN, SAVED_PLUGIN, RIGHTS_PLUGIN]

/** Questions in GraphQL with one's own rights: the editor with the schema beside it, examples, and results as a table or a file. */
export function PlaygroundView() {
  const theme = useAppearance().shown === 'dark' ? 'dark' : 'light'
  const [storage] = useState(memoryStorage)
  // On a tablet the examples would leave no line of the query whole; they are behind their button there.
  const [roomForExamples] = useState(() => window.matchMedia('(min-width: 900px)').matches)
  const [mayChange, setMayChange] = useState(false)
  const [canChange, setCanChange] = useState(false)
  const [answered, setAnswered] = useState<Answered | null>(null)

  const fetcher = useCallback(async ({ query, variables, operationName: named }: { query: string; variables?: unknown; operationName?: string | null }) => {
    const operationName = operationOf(query, named)
    const refused = refusal(query, operationName, canChange && mayChange)
    if (refused) return failedWith(refused)
    const started = performance.now()
    const { result, bytes } = await postGraphql({ query, variables, operationName })
    if (operationName !== 'IntrospectionQuery') setAnswered({ data: result.data, failed: !!result.errors?.length, ms: Math.round(performance.now() - started), bytes })
    return result
  }, [canChange, mayChange])

  return (
    <main className={css.view}>
      <header className={css.head}>
        <h1>Playground</h1>
        <p>GraphQL over the record, with your own rights.</p>
        {canChange ? (
          <label className={mayChange ? css.unlocked : css.lock}>
            <Checkbox size="small" checked={mayChange} onChange={(e) => setMayChange(e.target.checked)} />
            {mayChange ? 'Changes allowed: mutations change patients’ records' : 'Allow changes (mutations are held back)'}
          </label>
        ) : <span className={css.lock}>Read-only</span>}
      </header>
      <div className={css.editor} onClickCapture={foldTools}>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          plugins={PLUGINS}
          {...(roomForExamples ? { visiblePlugin: 'Examples' } : {})}
          defaultTheme={theme}
          forcedTheme={theme}
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
          defaultQuery={EXAMPLES[0]?.examples[0]?.query ?? ''}
          initialVariables={JSON.stringify(EXAMPLES[0]?.examples[0]?.variables ?? {}, null, 2)}
          defaultEditorToolsVisibility="variables"
          onSchemaChange={(schema: GraphQLSchema) => setCanChange(!!schema.getMutationType())}
        >
          <GraphiQL.Logo><span /></GraphiQL.Logo>
        </GraphiQL>
      </div>
      <ResultBar of={answered} />
    </main>
  )
}

/** Without headers the tools have one tab and nothing to switch to: pressed while they are open, it closes them. */
function foldTools(event: MouseEvent<HTMLElement>) {
  if (!(event.target instanceof Element) || !event.target.closest('[data-name="variables"].active')) return
  event.stopPropagation()
  event.currentTarget.querySelector<HTMLElement>('.graphiql-toggle-editor-tools')?.click()
}

/** The panel beside the editor: choose a question, and it runs. */
function Examples() {
  const { run, setOperationName } = useGraphiQLActions()
  const query = useGraphiQL((state) => state.queryEditor)
  const variables = useGraphiQL((state) => state.variableEditor)
  const open = (example: Example) => {
    query?.setValue(example.query)
    variables?.setValue(example.variables ? JSON.stringify(example.variables, null, 2) : '')
    // The editor reads the name from its own text only a moment after it changes; until then it would ask for the one before.
    const name = /^query (\w+)/.exec(example.query)?.[1]
    if (name) setOperationName(name)
    run()
  }
  return (
    <section aria-label="Examples" className={css.examples}>
      <h2>Examples</h2>
      {EXAMPLES.map((group) => (
        <div key={group.title}>
          <h3>{group.title}</h3>
          <ul>
            {group.examples.map((example) => (
              <li key={example.title}>
                <button type="button" disabled={!query || !variables} onClick={() => open(example)}>
                  <strong>{example.title}</strong>
                  <span>{example.about}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}
