interface Reasoned {
  readonly reasons: readonly { readonly text?: string | null }[]
  readonly reasonReferences: readonly { readonly display?: string | null; readonly reference?: string | null }[]
}

/** What something is or was for: the reasons in words or codes, and the records that say so, as they are named there. */
export const reasons = (of: Reasoned): string =>
  [...of.reasons.map((r) => r.text), ...of.reasonReferences.map((r) => r.display ?? r.reference)].filter(Boolean).join(', ')

/** Whether the dose as it was written ends with what it is for, as it often does. */
export const saysWhy = (of: Reasoned & { readonly dosageText?: string | null }): boolean => !!of.dosageText?.toLowerCase().includes(reasons(of).toLowerCase())
