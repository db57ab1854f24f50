import LockOutlined from '@mui/icons-material/LockOutlined'
import { createContext, use, useMemo, useState, type ReactNode } from 'react'
import type { CombinedError } from 'urql'
import { Loading, NotLoaded } from './states'
import css from './states.module.css'

/** Why a part of a screen's answer is null: its reader may not see it, or it could not be read. */
export type Trouble = 'forbidden' | 'failed'
/** `at`: when the answer came that is shown, in ms since 1970; null while there is none, or where nobody asks. */
export interface Reading { loading: boolean; troubles: ReadonlyMap<string, Trouble>; retry: () => void; at: number | null }

const ReadingContext = createContext<Reading>({ loading: false, troubles: new Map(), retry: () => undefined, at: null })
export const ReadingProvider = ReadingContext

const worse = (before: Trouble | undefined, now: Trouble): Trouble => (before === 'failed' ? before : now)

/** The troubles of an answer by the name of the part: the second step of an error's path, the first of which is the patient. */
export function troublesOf(error: CombinedError | undefined): ReadonlyMap<string, Trouble> {
  const found = new Map<string, Trouble>()
  for (const { path, extensions } of error?.graphQLErrors ?? []) {
    const name = path?.[1]
    if (typeof name === 'string') found.set(name, worse(found.get(name), extensions?.code === 'NOT_PERMITTED' ? 'forbidden' : 'failed'))
  }
  return found
}

/** Whether all that went wrong with an answer is that its reader may not see it. */
export const isForbidden = (error: CombinedError | undefined): boolean =>
  !!error && !error.networkError && error.graphQLErrors.length > 0 && error.graphQLErrors.every((e) => e.extensions?.code === 'NOT_PERMITTED')

export function useReading(loading: boolean, error: CombinedError | undefined, retry: () => void, data?: object): Reading {
  const [came, setCame] = useState<{ data: object | undefined; at: number | null }>({ data: undefined, at: null })
  if (came.data !== data) setCame({ data, at: data ? clock() : null })
  const { at } = came
  return useMemo(() => ({ loading, troubles: troublesOf(error), retry, at }), [loading, error, retry, at])
}

/** By the clock of this browser. */
const clock = () => Date.now()

/** When the answer that a screen shows came; see `Reading`. */
export const useReadAt = (): number | null => use(ReadingContext).at

/** What the reader of a screen could not see or the server could not read, by the name of the part; undefined when all is well. */
export const useTrouble = (name: string): Trouble | undefined => use(ReadingContext).troubles.get(name)

/** Reads the screen again, as after an act. */
export const useReadAgain = (): (() => void) => use(ReadingContext).retry

/** What a person's role does not let them see. It says nothing about whether there is anything. */
export function NotPermitted({ what }: { what: string }) {
  return (
    <p className={css.locked}>
      <LockOutlined sx={{ fontSize: 16 }} aria-hidden /> You may not see this.
      <span className="visually-hidden"> {what} are not shown to your role.</span>
    </p>
  )
}

/** One part of a screen in whichever of its states it is. The `children` draw data, an empty list included: only they know its words. */
export function Part<T>({ of, name, what, rows = 4, children }: { of: T; name: string; what: string; rows?: number; children: (value: NonNullable<T>) => ReactNode }) {
  const { loading, troubles, retry } = use(ReadingContext)
  if (of !== null && of !== undefined) return children(of)
  const trouble = troubles.get(name)
  if (trouble === 'forbidden') return <NotPermitted what={what} />
  if (loading && !trouble) return <Loading rows={rows} label={what} />
  return <NotLoaded what={what} onRetry={retry} />
}
