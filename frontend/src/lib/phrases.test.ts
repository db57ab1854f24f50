import { expect, it } from 'vitest'
import { nameProblem, phraseName } from './phrases'

it('a name is what is typed after the point, in small letters', () => expect([' .SOB ', 'Follow-up'].map(phraseName)).toEqual(['sob', 'follow-up']))

it.each(['sob', 'follow-up', 'day-2', 'vitals-2', 'x'])('%s is a name', (name) => expect(nameProblem(name, ['other'])).toBeNull())

it.each([
  ['', /letters/], ['two words', /letters/], ['a.b', /letters/], ['größe', /letters/], ['5', /begins with a letter/], ['-x', /begins with a letter/],
  ['vitals', /data of the chart/], ['meds', /data of the chart/], ['other', /you have a phrase/], ['shout', /you have a phrase/],
])('“%s” is none', (name, why) => expect(nameProblem(name, ['other', 'SHOUT'])).toMatch(why))
