import type { Client } from 'urql'
import { expect, it } from 'vitest'
import { findLanguages, languageName, languageTag, languageText } from './language'

const found = async (words: string) => (await findLanguages(undefined as unknown as Client, words)).map((t) => [t.id, t.text])
const said = (text: string, ...tags: string[]) => ({ text, codings: tags.map((code) => ({ system: 'urn:ietf:bcp:47', code })) })

it('finds a language by the beginning of its name, by a part of it, and by its tag', async () => {
  expect((await found('spa')).slice(0, 3)).toEqual([['es', 'Spanish'], ['es-AR', 'Spanish (Argentina)'], ['es-ES', 'Spanish (Spain)']])
  expect(await found('sign')).toContainEqual(['ase', 'American Sign Language'])
  expect(await found('pt-br')).toEqual([['pt-BR', 'Portuguese (Brazil)']])
  expect(await found('qqq')).toEqual([])
})

it('each that can be chosen has a name of its own', async () => {
  const all = (await Promise.all('abcdefghijklmnopqrstuvwxyz'.split('').flatMap((a) => 'abcdefghijklmnopqrstuvwxyz'.split('').map((b) => found(a + b))))).flat()
  const byText = new Map<string, Set<string>>()
  for (const [id, text] of all) byText.set(text ?? '', (byText.get(text ?? '') ?? new Set()).add(id ?? ''))
  expect([...byText].filter(([text, ids]) => ids.size > 1 || ids.has(text))).toEqual([])
})

it.each([
  [said('English (United States)', 'en-US'), 'English (United States)', 'en-US'],
  [said('pt-BR', 'pt-BR'), 'Portuguese (Brazil)', 'pt-BR'],
  [said('the language of her valley'), 'the language of her valley', undefined],
  [null, '', undefined],
])('tells what is on record: %j', (of, text, tag) => {
  expect(languageText(of)).toBe(text)
  expect(languageTag(of)).toBe(tag)
})

it('what is no tag stays as it is', () => expect(languageName('not a tag')).toBe('not a tag'))
