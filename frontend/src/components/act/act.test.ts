import { describe, expect, it } from 'vitest'
import { check, commonOutcome, compare, fileOf, fileValue, settled, type FieldSpec } from './act'

const FIELDS: readonly FieldSpec[] = [
  { name: 'code', label: 'Problem', kind: 'concept', required: true },
  { name: 'severity', label: 'Severity', kind: 'choice' },
  { name: 'onset', label: 'Onset', kind: 'day' },
  { name: 'ended', label: 'Ended', kind: 'day', required: true, when: (v) => v.status === 'RESOLVED' },
  { name: 'seen', label: 'Seen', kind: 'moment' },
  { name: 'weight', label: 'Weight', kind: 'number' },
]

describe('what is wrong before anything is sent', () => {
  it.each([
    [{ code: 'Asthma' }, []],
    [{ code: '  ' }, ['code']],
    [{ code: 'Asthma', status: 'RESOLVED' }, ['ended']],
    [{ code: 'Asthma', onset: '2019-13' }, ['onset']],
    [{ code: 'Asthma', onset: '2019-05' }, []],
    [{ code: 'Asthma', onset: '2019-02-29' }, ['onset']],
    [{ code: 'Asthma', seen: '2026-11-30T14:05' }, []],
    [{ code: 'Asthma', seen: '30-Nov-2026' }, ['seen']],
    [{ code: 'Asthma', weight: '70,5' }, ['weight']],
    [{ code: 'Asthma', weight: '70.50' }, []],
  ])('%o', (values, fields) => expect(check(FIELDS, values).map((p) => p.field)).toEqual(fields))
  it('a date that cannot be read, in the words of its field', () => {
    expect(check(FIELDS, { code: 'Asthma', onset: 'tomorrow' })[0]?.text).toBe('Onset: write a year (2019), a month (May-2019) or a day (17-May-2019).')
    expect(check(FIELDS, { code: 'Asthma', seen: '31-Nov-2026 14:05' })[0]?.text).toBe('Seen: there is no 31-Nov-2026.')
  })
})

it('proposes the side that changed a field, and nobody where both did', () => {
  const base = { code: 'Asthma', severity: '', onset: '2019' }
  const found = compare(FIELDS, base, { ...base, severity: 'Severe', weight: '70' }, { code: 'Asthma', severity: 'Mild', onset: '2019-05' })
  expect(found.map((d) => [d.name, settled(d)])).toEqual([['severity', null], ['onset', 'theirs']])
  expect(compare(FIELDS, base, { ...base, severity: 'Mild' }, base).map(settled)).toEqual(['mine'])
})

it('reads the outcomes that all acts have, and leaves the others to their form', () => {
  expect(commonOutcome({ __typename: 'Invalid', issues: [{ text: 'is empty', expression: ['input.code.text'] }] })).toEqual({ kind: 'refused', problems: [{ text: 'is empty', field: 'code' }] })
  expect(commonOutcome({ __typename: 'Stale', id: 'Condition/c', currentVersion: '2', current: null })).toEqual({ kind: 'stale', id: 'Condition/c', version: '2', theirs: null, at: null })
  expect(commonOutcome({ __typename: 'ConditionSaved' })).toBeNull()
})

it('keeps a chosen file as its name and its bytes, and none that is too large', () => {
  expect(fileOf(fileValue('paper.pdf', 'data:application/pdf;base64,JVBERi0='))).toEqual({ title: 'paper.pdf', contentType: 'application/pdf', data: 'JVBERi0=' })
  expect(fileOf(fileValue('paper.txt', 'data:text/plain;charset=utf-8;base64,YQ=='))?.contentType).toBe('text/plain')
  expect(fileOf(fileValue('odd', 'data:;base64,YQ=='))?.contentType).toBe('application/octet-stream')
  for (const value of [fileValue('large.pdf', ''), fileValue('empty.txt', 'data:'), '', undefined]) expect(fileOf(value)).toBeNull()
  expect(check([{ name: 'file', label: 'File', kind: 'file', required: true }], { file: fileValue('large.pdf', '') })).toEqual([{ field: 'file', text: 'File: it is empty, or larger than 700 KiB.' }])
})
