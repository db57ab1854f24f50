/**
 * What the server says of itself: whether the process answers (`/health/live`), and whether it can work (`/health/ready`).
 * It says one word each, and no more: not why, and nothing of what stands behind it.
 */
export type HealthName = 'live' | 'ready'
export interface Health { name: HealthName; /** null: no answer came. */ status: number | null; word: string; ms: number }

async function ask(name: HealthName): Promise<Health> {
  const started = performance.now()
  const took = () => Math.round(performance.now() - started)
  try {
    const response = await fetch(`/health/${name}`, { cache: 'no-store', credentials: 'omit' })
    const word = (await response.text()).trim().slice(0, 40)
    return { name, status: response.status, word, ms: took() }
  } catch {
    return { name, status: null, word: '', ms: took() }
  }
}

export const readHealth = (): Promise<Health[]> => Promise.all([ask('live'), ask('ready')])
/** Whether it is well: the status says so, and the word. */
export const isWell = ({ status, word }: Health): boolean => status === 200 && word === 'ok'
