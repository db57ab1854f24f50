import { tallMan } from '../../lib/tall-man'

/** A drug or an agent by its stored name, look-alike names with their tall letters. Who hears the page hears the stored word: capitals within it would be spelled. */
export function Drug({ of }: { of: string }) {
  const shown = tallMan(of)
  return shown === of ? of : <><span aria-hidden>{shown}</span><span className="visually-hidden">{of}</span></>
}
