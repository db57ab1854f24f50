import { expect, it } from 'vitest'
import { target } from './target'

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
