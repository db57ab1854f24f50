import { expect, it } from 'vitest'
import { folded, isOneApart, similarNames, similarText, soundex } from './similar'

// Examples of the US National Archives, "The Soundex Indexing System".
it.each([
  ['Washington', 'W252'], ['Lee', 'L000'], ['Gutierrez', 'G362'], ['Pfister', 'P236'], ['Jackson', 'J250'], ['Tymczak', 'T522'], ['VanDeusen', 'V532'], ['Ashcraft', 'A261'],
])('%s sounds as %s', (name, code) => expect(soundex(folded(name))).toBe(code))

it.each([['Łukasz', 'lukasz'], ['O’Brien-Müller', 'obrienmuller'], ['STRAßE', 'strasse'], ['Åse', 'ase']])('%s is folded to %s', (name, text) => expect(folded(name)).toBe(text))

it('a name in other letters has no such sound', () => expect(soundex(folded('Ивáнов'))).toBeNull())

it.each([
  ['lind', 'lind', true], ['lind', 'lint', true], ['lind', 'linds', true], ['lind', 'ind', true], ['lind', 'lnd', true], ['lind', 'lidn', false], ['lind', 'lin', true], ['lind', 'li', false], ['', 'a', true],
])('%s and %s: %s', (a, b, apart) => expect(isOneApart(a, b)).toBe(apart))

let n = 0
const person = (family: string | null, given: string, birthDate: string | null = '1945-07-14') => ({ id: `Patient/${n += 1}`, birthDate, name: { display: `${given} ${family ?? ''}`, family, given: [given], prefix: [] } })

it.each([
  ['the same name', ['Lind', 'Ada'], ['Lind', 'Ada'], true],
  ['case and marks', ['LÍND', 'Adá'], ['Lind', 'Ada'], true],
  ['one letter', ['Lind', 'Ada'], ['Linde', 'Ida'], true],
  ['one letter, the first', ['Kohl', 'Ada'], ['Cohl', 'Ada'], true],
  ['one sound', ['Robert', 'Catherine'], ['Rupert', 'Katharina'], false],
  ['one sound, one first letter', ['Robert', 'Catherine'], ['Rupert', 'Catharina'], true],
  ['one sound of both', ['Meyer', 'Steven'], ['Maier', 'Stephen'], true],
  ['another given name', ['Lind', 'Ada'], ['Lind', 'Boris'], false],
  ['another family name', ['Lind', 'Ada'], ['Olsen', 'Ada'], false],
  ['other letters', ['Иванов', 'Анна'], ['Иванов', 'Анна'], true],
])('%s', (_, [f1, g1], [f2, g2], similar) => {
  const [one, other] = [person(f1 ?? '', g1 ?? ''), person(f2 ?? '', g2 ?? '')]
  const found = similarNames([one, other])
  expect(found.get(one.id)?.map((p) => p.id)).toEqual(similar ? [other.id] : undefined)
  expect(found.get(other.id)?.map((p) => p.id)).toEqual(similar ? [one.id] : undefined)
})

it('marks nobody without a name, nobody with themselves, and of three all', () => {
  const ada = person('Lind', 'Ada')
  expect(similarNames([person(null, 'Ada'), ada, ada, person('Lind', '')]).size).toBe(0)
  const found = similarNames([ada, person('Lind', 'Ada'), person('Lindt', 'Ada', null)])
  expect([...found.values()].map((others) => others.length)).toEqual([2, 2, 2])
  expect(similarText(found.get(ada.id) ?? [])).toBe('LIND, Ada, born 14-Jul-1945; LINDT, Ada, birth date not recorded')
})
