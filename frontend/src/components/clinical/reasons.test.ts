import { expect, test } from 'vitest'
import { reasons } from './reasons'

test('a reason is told whether it stands in words or in another record', () => {
  expect(reasons({ reasons: [], reasonReferences: [] })).toBe('')
  expect(reasons({ reasons: [{ text: 'Pain' }], reasonReferences: [{ display: 'Hypertension', reference: 'Condition/1' }, { reference: 'Observation/2' }] })).toBe('Pain, Hypertension, Observation/2')
})
