import { expect, it } from 'vitest'
import { drawn, OTHER, panels, testRows, times, type Result } from './matrix'

const result = (id: string, key: string, effectiveAt: string | null, interpretation: 'HIGH' | null = null): Result => ({
  key, code: key, title: key, unit: '', versionId: '1',
  row: { id, effectiveAt, interpretation, status: 'FINAL', value: null, components: [], dataAbsentReason: null, referenceRanges: [] } as unknown as Result['row'],
})

const results = [result('4', 'K', '2026-03', 'HIGH'), result('3', 'Na', '2026-03'), result('2', 'K', '2026-02'), result('1', 'K', '2026-02'), result('0', 'X', null)]
const rows = testRows(results, new Map([['4', { panel: 'Renal', place: 1 }], ['3', { panel: 'Renal', place: 0 }], ['2', { panel: 'Old renal', place: 0 }]]))

it('makes one row per test under its latest panel, in the order of the report', () => {
  expect(rows.map((r) => [r.key, r.panel])).toEqual([['Na', 'Renal'], ['K', 'Renal'], ['X', OTHER]])
})

it('orders what came in no report as laboratories print it', () => {
  expect(testRows(['X', 'http://loinc.org|777-3', 'http://loinc.org|6690-2'].map((code) => result(code, code, '2026-03')), new Map()).map((r) => r.key)).toEqual(['http://loinc.org|6690-2', 'http://loinc.org|777-3', 'X'])
})

it('keeps two results of one moment', () => expect(rows[1]?.at.get('2026-02')?.map((r) => r.row.id)).toEqual(['2', '1']))

it('orders columns newest first, those without a time last', () => expect(times(rows)).toEqual(['2026-03', '2026-02', '']))

it('counts tests by panel, others last', () => expect(panels(rows)).toEqual([{ name: 'Renal', count: 2 }, { name: OTHER, count: 1 }]))

it('does not draw a time that may be loaded in part only, unless there is no other', () => {
  expect(drawn(['2026-03', '2026-02', ''], '2026-02')).toEqual(['2026-03', ''])
  expect(drawn(['2026-03'], '2026-03')).toEqual(['2026-03'])
  expect(drawn(['2026-03'], null)).toEqual(['2026-03'])
})
