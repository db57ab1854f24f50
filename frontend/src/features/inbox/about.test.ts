import { expect, it } from 'vitest'
import { recordsOf } from './about'

it('leads to where a record is at home, by its name where it has one', () => {
  const of = (id: string, display?: string) => recordsOf([{ id, display }], 'Patient/ada')[0]
  expect(of('Observation/k', 'Potassium')).toMatchObject({ text: 'Result: Potassium', to: '/patients/ada/clinical/results?result=Observation/k' })
  expect(of('DiagnosticReport/r')?.to).toBe('/patients/ada/clinical/results?view=reports&report=DiagnosticReport/r')
  expect(of('Encounter/e')?.to).toBe('/patients/ada/clinical/encounters/e')
  expect(of('Composition/n')).toMatchObject({ text: 'Note', to: '/patients/ada/clinical/notes#Composition/n' })
})

it('says what has no place in a chart, and leaves the patient out', () => {
  expect(recordsOf([{ id: 'Observation/k' }], null)).toMatchObject([{ text: 'Result', to: null }])
  expect(recordsOf([{ id: 'Device/d', display: 'Pump 3' }, { display: 'A letter' }], 'Patient/ada')).toMatchObject([{ text: 'Record: Pump 3', to: null }, { text: 'Record: A letter', to: null }])
  expect(recordsOf([{ id: 'Patient/ada', display: 'Ada Lind' }], 'Patient/ada')).toEqual([])
})
