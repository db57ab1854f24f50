import { expect, it } from 'vitest'
import { standing, target } from './target'

const mmHg = (value: string, comparator?: string) => ({ value, unit: 'mmHg', comparator })

it.each([
  [{ quantity: mmHg('130', '<') }, 'below 130 mmHg'],
  [{ quantity: mmHg('130', '<=') }, 'at most 130 mmHg'],
  [{ quantity: mmHg('90', '>=') }, 'at least 90 mmHg'],
  [{ quantity: mmHg('130') }, '130 mmHg'],
  [{ high: mmHg('130') }, 'at most 130 mmHg'],
  [{ low: mmHg('90') }, 'at least 90 mmHg'],
  [{ low: mmHg('90'), high: mmHg('130') }, '90 mmHg to 130 mmHg'],
  [{}, ''],
])('%o', (of, text) => expect(target(of)).toBe(text))

it('a unit of which the goal has only the code is written as people write it', () => {
  expect(target({ high: { value: '130', unit: 'mm[Hg]', code: 'mm[Hg]' } }, 'mmHg')).toBe('at most 130 mmHg')
})

it.each([
  ['at its highest', { high: mmHg('130') }, mmHg('130'), 'met'],
  ['over its highest', { high: mmHg('130') }, mmHg('130.5'), 'not met'],
  ['below what it has to be below', { quantity: mmHg('7', '<') }, mmHg('6.9'), 'met'],
  ['at what it has to be below', { quantity: mmHg('7.0', '<') }, mmHg('7'), 'not met'],
  ['under the lower of two bounds', { low: mmHg('90'), high: mmHg('130') }, mmHg('89'), 'not met'],
  ['in another unit', { high: mmHg('130') }, { value: '17', unit: 'kPa' }, 'not comparable'],
  ['with a unit that one of them codes otherwise', { high: { value: '130', unit: 'mmHg', code: 'mm[Hg]' } }, { value: '120', unit: 'mm Hg', code: 'mm[Hg]' }, 'met'],
  ['known only as a bound', { high: mmHg('130') }, mmHg('100', '<'), 'not comparable'],
  ['of a goal without a direction', { quantity: mmHg('130') }, mmHg('130'), 'not comparable'],
])('a value %s', (_, of, value, is) => expect(standing(of, value)?.is).toBe(is))

it('nothing is said of a goal without an amount', () => expect(standing({}, mmHg('130'))).toBeNull())
