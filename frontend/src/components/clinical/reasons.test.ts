import { expect, test } from 'vitest'
import { reasons, saysWhy } from './reasons'

test('a reason is told whether it stands in words or in another record', () => {
  expect(reasons({ reasons: [], reasonReferences: [] })).toBe('')
  expect(reasons({ reasons: [{ text: 'Pain' }], reasonReferences: [{ display: 'Hypertension', reference: 'Condition/1' }, { reference: 'Observation/2' }] })).toBe('Pain, Hypertension, Observation/2')
})

test('a reason that ends the dose is not told again', () => {
  const of = { reasons: [{ text: 'Hypertension' }], reasonReferences: [] }
  expect([saysWhy({ ...of, dosageText: '5 mg daily for hypertension' }), saysWhy({ ...of, dosageText: '5 mg daily' }), saysWhy({ ...of, dosageText: null })]).toEqual([true, false, false])
})
