import { describe, expect, it } from 'vitest'
import { tallMan } from './tall-man'

describe('tall man letters', () => {
  it.each([
    ['hydroxyzine 25 mg', 'hydrOXYzine 25 mg'], ['HYDRALAZINE', 'hydrALAZINE'], ['Prednisone 20 MG Oral Tablet', 'predniSONE 20 MG Oral Tablet'], ['prednisolone', 'prednisoLONE'],
    ['cisplatin', 'CISplatin'], ['Carboplatin', 'CARBOplatin'], ['metformin hydrochloride 500 MG', 'metFORMIN hydrochloride 500 MG'], ['celebrex', 'CeleBREX'],
  ])('%s is shown as %s', (stored, shown) => expect(tallMan(stored)).toBe(shown))
  it.each([
    ['amlodipine/benazepril', 'amLODIPine/benazepril'], ['sitagliptin-metformin', 'SITagliptin-metFORMIN'], ['(lorazepam)', '(LORazepam)'],
  ])('each name of %s has its letters', (stored, shown) => expect(tallMan(stored)).toBe(shown))
  it.each([
    ['methylprednisolone', 'methylPREDNISolone'], ['levoleucovorin', 'LEVOleucovorin'], ['Depo-Medrol 40 mg', 'DEPO-Medrol 40 mg'], ['hydrochlorothiazide', 'hydroCHLOROthiazide'],
  ])('the longest name in %s is meant', (stored, shown) => expect(tallMan(stored)).toBe(shown))
  it.each(['isoprednisolone', 'metformins', 'prednison', 'metformin500', 'lisinopril 10 mg', 'prednisonë', ''])('“%s” is left as it stands', (stored) => expect(tallMan(stored)).toBe(stored))
  it('changes capitals only', () => {
    const stored = 'Quetiapine 25 mg, olanzapine; DULOXETINE'
    expect(tallMan(stored).toLowerCase()).toBe(stored.toLowerCase())
  })
})
