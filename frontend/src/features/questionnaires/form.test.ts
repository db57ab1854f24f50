import { describe, expect, it } from 'vitest'
import { begin, changed, enabled, index, keyOf, newRepetition, occurrence, problems, reopen, rootPath, sent, typed, within, wrong, type Item, type Scope, type Value } from './form'

const none = { boolean: null, number: null, coding: null, quantity: null }
const coding = (code: string): Value => ({ ...none, kind: 'CODING', text: code, coding: { system: 's', code, display: code } })
const number = (kind: 'INTEGER' | 'DECIMAL', text: string): Value => ({ ...none, kind, text, number: text })
const yes: Value = { ...none, kind: 'BOOLEAN', text: 'yes', boolean: true }
const item = (linkId: string, type: Item['type'], more: Partial<Item> = {}): Item => ({
  linkId, type, parent: null, prefix: null, text: linkId, codes: [], required: false, repeats: false, readOnly: false, hidden: false, enableWhen: [], enableAny: false, options: [], valueSet: null,
  initial: [], maxLength: null, minValue: null, maxValue: null, minOccurs: null, maxOccurs: null, units: [], cannot: null, ...more,
})
const scope = (values: Scope['values'], groups: Scope['groups'] = {}): Scope => ({ values, groups })
const asked = (question: Item, when: Item['enableWhen'], values: Scope['values'], any = false) => {
  const other = item('other', 'STRING', { enableWhen: when, enableAny: any })
  return enabled(index([question, other]), other, rootPath(scope(values)))
}

describe('whether an item is asked', () => {
  const pain = item('pain', 'INTEGER')
  const five = number('INTEGER', '5')
  it.each([
    ['=', '5', true], ['=', '6', false], ['!=', '6', true], ['!=', '5', false], ['!=', '', false], ['>', '6', true], ['>', '5', false], ['<', '4', true], ['<', '5', false],
    ['>=', '5', true], ['>=', '4', false], ['<=', '5', true], ['<=', '6', false], ['=', 'five', false],
  ])('pain %s 5 when it is “%s”: %s', (operator, raw, expected) => {
    expect(asked(pain, [{ question: 'pain', operator, answer: five }], { pain: [raw] })).toBe(expected)
  })
  it('exists asks whether there is an answer at all', () => {
    const no: Value = { ...yes, boolean: false }
    expect(asked(pain, [{ question: 'pain', operator: 'exists', answer: yes }], { pain: ['3'] })).toBe(true)
    expect(asked(pain, [{ question: 'pain', operator: 'exists', answer: yes }], {})).toBe(false)
    expect(asked(pain, [{ question: 'pain', operator: 'exists', answer: no }], {})).toBe(true)
  })
  it('all conditions have to hold, or any', () => {
    const when: Item['enableWhen'] = [{ question: 'pain', operator: '>', answer: five }, { question: 'pain', operator: '<', answer: five }]
    expect(asked(pain, when, { pain: ['6'] })).toBe(false)
    expect(asked(pain, when, { pain: ['6'] }, true)).toBe(true)
  })
  it('codes are compared by system and code', () => {
    const smokes = item('smokes', 'CHOICE', { options: [coding('never'), coding('daily')] })
    const when = [{ question: 'smokes', operator: '=', answer: coding('daily') }]
    expect(asked(smokes, when, { smokes: ['o1'] })).toBe(true)
    expect(asked(smokes, when, { smokes: ['o0'] })).toBe(false)
  })
})

/** A group that repeats, with a question that hangs on another of the same repetition. */
const drugs = [
  item('drug', 'GROUP', { repeats: true, required: true }), item('name', 'STRING', { parent: 'drug', required: true, maxLength: 5 }), item('stopped', 'BOOLEAN', { parent: 'drug' }),
  item('why', 'STRING', { parent: 'drug', required: true, enableWhen: [{ question: 'stopped', operator: '=', answer: yes }] }),
  item('after', 'STRING', { enableWhen: [{ question: 'stopped', operator: '=', answer: yes }] }),
]

describe('a group that repeats', () => {
  const form = index(drugs)
  const root = scope({ after: ['x'] }, { drug: [{ key: 'a', ...scope({ name: ['ibu'], stopped: ['true'], why: ['rash'] }) }, { key: 'b', ...scope({ name: ['para'], stopped: ['false'], why: ['never sent'] }) }] })
  it('is sent once for each repetition, without what is not asked there', () => {
    const { answers, places } = sent(form, root)
    expect(answers).toEqual([
      { linkId: 'drug', values: [], items: [{ linkId: 'name', values: [{ text: 'ibu' }] }, { linkId: 'stopped', values: [{ boolean: true }] }, { linkId: 'why', values: [{ text: 'rash' }] }] },
      { linkId: 'drug', values: [], items: [{ linkId: 'name', values: [{ text: 'para' }] }, { linkId: 'stopped', values: [{ boolean: false }] }] },
    ])
    expect(places.get('answers[1].items[0]')).toBe('/drug:b/name')
  })
  it('an item after it looks at the last repetition that answers', () => {
    const silent = changed(root, within(rootPath(root), 'drug', root.groups.drug?.[1] ?? newRepetition([])), (s) => ({ ...s, values: { ...s.values, stopped: [] } }))
    expect(sent(form, silent).answers.at(-1)?.linkId).toBe('after')
    const last = changed(root, rootPath(root), (s) => ({ ...s, groups: { drug: (s.groups.drug ?? []).toReversed() } }))
    expect(sent(form, last).answers.at(-1)).toEqual({ linkId: 'after', values: [{ text: 'x' }] })
  })
  it('tells what is wrong at its place', () => {
    const missing = scope({}, { drug: [{ key: 'a', ...scope({ name: ['ibuprofen'], stopped: ['true'] }) }] })
    expect([...problems(form, missing, true)].map(([at, p]) => [at, p.text])).toEqual([['/drug:a/name', 'Not more than 5 characters.'], ['/drug:a/why', 'This has to be answered.']])
    expect([...problems(form, missing, false).keys()]).toEqual(['/drug:a/name'])
    const what = sent(form, missing)
    expect(occurrence(what, 'input.answers[0].items', 'why: the item has to be answered')).toBe('/drug:a/why')
    expect(occurrence(what, 'input.answers[0].items[0]', 'name: too long')).toBe('/drug:a/name')
    expect(occurrence(what, 'input.answers', 'after: the item has to be answered')).toBe('/after')
    expect([...problems(form, scope({}), true).keys()]).toEqual(['/drug'])
  })
  it('begins with one where one has to be, and is read back as it was sent', () => {
    expect(begin(form.nodes).groups.drug).toHaveLength(1)
    const text = (linkId: string, words: string, parent: number | null) => ({ parent, linkId, text: null, values: [{ ...none, kind: 'TEXT' as const, text: words }] })
    const group = { parent: null, linkId: 'drug', text: null, values: [] }
    const back = reopen(form.nodes, [group, text('name', 'ibu', 0), group, text('name', 'para', 2)])
    expect(sent(form, back).answers.map((a) => a.items?.[0]?.values)).toEqual([[{ text: 'ibu' }], [{ text: 'para' }]])
  })
  it('one repetition is changed without the others', () => {
    const [, b] = root.groups.drug ?? []
    const path = within(rootPath(root), 'drug', b ?? newRepetition([]))
    expect(keyOf(path, 'name')).toBe('/drug:b/name')
    const next = changed(root, path, (s) => ({ ...s, values: { ...s.values, name: ['new'] } }))
    expect(next.groups.drug?.map((o) => [o.key, o.values.name?.[0]])).toEqual([['a', 'ibu'], ['b', 'new']])
  })
})

it.each([
  ['INTEGER', '3', { integer: 3 }], ['INTEGER', '3.5', null], ['DECIMAL', '1,50', { decimal: '1.50' }], ['DECIMAL', '1.', null], ['DATE', '2019-05', { date: '2019-05' }], ['DATE', '5/2019', null],
  ['DATE', '17-May-2019', { date: '2019-05-17' }], ['DATE', '2019-02-29', null], ['DATE_TIME', '2019-05-17', { dateTime: '2019-05-17' }], ['DATE_TIME', '2019-05-17T08:00:00Z', { dateTime: '2019-05-17T08:00:00Z' }], ['DATE_TIME', '17-May-2019', null], ['DATE_TIME', 'noon', null],
  ['TIME', '14:30', { time: '14:30:00' }], ['TIME', '25:00', null], ['QUANTITY', '70.5 kg', { quantity: { value: '70.5', unit: 'kg' } }], ['QUANTITY', '70', null], ['BOOLEAN', 'false', { boolean: false }], ['TEXT', ' a ', { text: 'a' }], ['TEXT', ' ', null],
] as const)('%s “%s” is sent as %j', (type, raw, expected) => { expect(typed(item('x', type), raw)).toEqual(expected) })

it('limits are told before anything is sent', () => {
  const pain = item('pain', 'INTEGER', { minValue: '0', maxValue: '10', required: true })
  expect(wrong(pain, ['11'], true)).toBe('Not more than 10.')
  expect(wrong(pain, ['-1'], true)).toBe('Not less than 0.')
  expect(wrong(pain, ['10'], true)).toBeNull()
  expect(wrong(pain, [], true)).toBe('This has to be answered.')
  expect(wrong(pain, [], false)).toBeNull()
  expect(wrong(pain, ['much'], false)).toBe('Write a whole number, such as 3.')
})
