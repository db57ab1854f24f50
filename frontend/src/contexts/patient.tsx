import { createContext, use, useEffect, useRef } from 'react'

/** Whose chart is open: the id of its address, the person in one line for dialogs, which cover the banner, and the past instant it is shown as of; null for now. `read` counts how often it was read anew. `merged`: it was merged into another one, which is written in its place. `died`: a death is recorded. */
export interface OpenChart { id: string; line: string; asOf: string | null; read: number; merged: boolean; died: boolean }
const PatientContext = createContext<OpenChart | null>(null)

export const PatientProvider = PatientContext
export const useOpenChart = (): OpenChart | null => use(PatientContext)
/** The instant the open chart is shown as of; null for now. What reads more of the chart asks as of it too. */
export const useAsOf = (): string | null => use(PatientContext)?.asOf ?? null
/** Does something each time the chart is read anew: for what was read beside the screen. */
export function useReadAnew(again: () => void): void {
  const count = use(PatientContext)?.read ?? 0
  const seen = useRef(count)
  useEffect(() => {
    if (seen.current === count) return
    seen.current = count
    again()
  }, [count, again])
}
