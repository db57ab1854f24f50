/** Where the editor keeps its tabs: in this page only. What is typed may name patients, so nothing of it stays in the browser. */
export function memoryStorage() {
  const kept = new Map<string, string>()
  return {
    get length() { return kept.size },
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => { kept.set(key, value) },
    removeItem: (key: string) => { kept.delete(key) },
    clear: () => { kept.clear() },
  }
}
