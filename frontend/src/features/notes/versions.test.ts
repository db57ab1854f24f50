import { expect, it } from 'vitest'
import { narrativeText, paired, partsAt, type Version } from './versions'

const section = (code: string, title: string, text: string) => ({ title, code: { coding: [{ code }] }, text: { div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div>` } })
const version = (document: string, number: string, status: string, ...sections: object[]): Version => ({ document, version: number, at: '2026-11-28T08:00:00Z', told: '', fhir: { title: document === 'n' ? 'Progress note' : 'Addendum', status, section: sections } })
const versions = [
  version('n', '1', 'preliminary', section('s', 'Subjective', 'Well'), section('p', 'Plan', 'Home')),
  version('n', '2', 'final', section('s', 'Subjective', 'Well &lt; before<br/>Eats')),
  version('a', '1', 'final', section('x', 'Addendum', 'Pulse 70')),
]

it('reads a narrative as it was written', () => expect(narrativeText('<div><p>a &lt; b<br/>c &amp; d</p></div>')).toBe('a < b\nc & d'))

it('pairs the sections of two versions, those that are gone last', () => {
  expect(paired(partsAt(versions, 0), partsAt(versions, 1))).toEqual([
    { title: 'Title', before: 'Progress note', after: 'Progress note' }, { title: 'Status', before: 'preliminary', after: 'final' },
    { title: 'Subjective', before: 'Well', after: 'Well < before\nEats' }, { title: 'Plan', before: 'Home', after: '' },
  ])
})

it('an addendum is part of what stands after it', () => {
  expect(paired(partsAt(versions, 1), partsAt(versions, 2)).filter((p) => p.before !== p.after)).toEqual([
    { title: 'Addendum: Title', before: '', after: 'Addendum' }, { title: 'Addendum: Status', before: '', after: 'final' }, { title: 'Addendum: Addendum', before: '', after: 'Pulse 70' },
  ])
})
