interface Coded { readonly codings: readonly { readonly system?: string | null; readonly code?: string | null }[] }
/** Codes as one can compare them; what has no system is not comparable. */
export const keys = (of: Coded | null | undefined): string[] => (of?.codings ?? []).flatMap(({ system, code }) => (system && code ? [`${system}|${code}`] : []))

/** Of each of these, the others that share a code with it. Words are never compared: they do not tell one thing from another. */
export function sharing<T>(all: readonly T[], codes: (of: T) => readonly string[]): ReadonlyMap<T, readonly T[]> {
  const by = new Map<string, Set<T>>()
  for (const one of all) for (const code of codes(one)) by.set(code, (by.get(code) ?? new Set()).add(one))
  return new Map(all.map((one) => [one, [...new Set(codes(one).flatMap((code) => [...(by.get(code) ?? [])]))].filter((other) => other !== one)]))
}
