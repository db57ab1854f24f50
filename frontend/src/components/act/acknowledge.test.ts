import { expect, it } from 'vitest'
import { passedOn } from './acknowledge'

it('writes in plain words how a critical result was passed on', () => {
  const told = { toldAt: '2026-11-22T08:10', readBack: 'yes' }
  expect(passedOn({ ...told, way: 'told', toldTo: ' Dr Kim, on call ' })).toMatch(/^Told by word of mouth to Dr Kim, on call on 22-Nov-2026 08:10 \(UTC[+-]\d\d:\d\d\); it was read back, and what was read back was right\.$/)
  expect(passedOn({ ...told, way: 'heard', toldBy: 'M. Ito, laboratory' })).toMatch(/^Told by word of mouth by M\. Ito, laboratory to who acknowledges it on 22-Nov-2026 08:10/)
  expect(passedOn({ way: 'read', toldTo: 'left over' })).toBe('Read by who acknowledges it; not told by word of mouth.')
  expect(passedOn({})).toBe('')
})
