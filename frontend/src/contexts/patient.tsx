import { createContext, use } from 'react'

/** Whose chart is open: the id of its address, and the person in one line for dialogs, which cover the banner. */
export interface OpenChart { id: string; line: string }
const PatientContext = createContext<OpenChart | null>(null)

export const PatientProvider = PatientContext
export const useOpenChart = (): OpenChart | null => use(PatientContext)
