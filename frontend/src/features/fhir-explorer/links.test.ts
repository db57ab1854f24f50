import { expect, it } from 'vitest'
import { drawingOf, linksOf, MOST, nodeKey, type Neighbour } from './links'

const visit = { resourceType: 'Encounter', id: 'e', subject: { reference: 'Patient/p' }, participant: [{ individual: { reference: 'Practitioner/d' } }, { individual: { reference: 'Practitioner/d' } }], partOf: { reference: 'Encounter/e' }, reasonReference: [{ reference: '#c' }, { reference: 'https://other.example/fhir/Condition/1' }] }
const beside = [{ resourceType: 'Patient', id: 'p' }, { resourceType: 'Observation', id: 'o', encounter: { reference: 'Encounter/e' }, subject: { reference: 'Patient/p' } }, { resourceType: 'Claim', id: 'x', item: [{ encounter: [{ reference: 'Encounter/e' }] }] }, { resourceType: 'Group', id: 'g' }]

it('tells what refers to a resource and what it refers to, by which elements', () => {
  const { incoming, outgoing, elsewhere } = linksOf(visit, beside, 'https://h')
  expect(incoming.map(({ place, by }) => [place, by])).toEqual([['Claim/x', ['item.encounter']], ['Observation/o', ['encounter']]])
  expect(outgoing.map(({ place, by, document }) => [place, by, document !== null])).toEqual([['Patient/p', ['subject'], true], ['Practitioner/d', ['participant.individual'], false]])
  expect(elsewhere).toEqual([{ to: 'https://other.example/fhir/Condition/1', by: 'reasonReference' }])
})

const many = (n: number): Neighbour[] => Array.from({ length: n }, (_, i) => ({ place: `Observation/${i}`, by: ['subject'], document: null }))

it('draws at most 200 neighbours and says how many are left out', () => {
  const { nodes, left, height } = drawingOf({ incoming: many(446), outgoing: many(3), elsewhere: [] })
  expect([nodes.length, left]).toEqual([MOST, 249])
  expect(nodes.filter((node) => node.side === 'out')).toHaveLength(3)
  for (const node of nodes) expect(node.y >= 0 && node.y + 38 <= height).toBe(true)
  expect(new Set(nodes.map((node) => `${node.x} ${node.y}`)).size).toBe(MOST)
})

it('moves between nodes by the arrows', () => {
  const { nodes } = drawingOf({ incoming: many(3), outgoing: many(1), elsewhere: [] })
  expect(nodeKey('ArrowDown', 0, nodes)).toBe(1)
  expect(nodeKey('ArrowDown', 2, nodes)).toBeNull()
  expect(nodeKey('ArrowRight', 0, nodes)).toBe(3)
  expect(nodeKey('ArrowLeft', 3, nodes)).toBe(1)
  expect(nodeKey('ArrowUp', 3, nodes)).toBeNull()
})
