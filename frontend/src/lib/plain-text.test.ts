import { expect, it } from 'vitest'
import { plainText } from './plain-text'

const data = Buffer.from('Blåmärke på arm').toString('base64')

it('reads plain text and nothing else', () => {
  expect(plainText({ contentType: 'text/plain; charset=utf-8', data })).toBe('Blåmärke på arm')
  expect(plainText({ contentType: 'text/plain', data })).toBe('Blåmärke på arm')
  expect(plainText({ contentType: 'text/plain; charset=iso-8859-1', data })).toBeNull()
  expect(plainText({ contentType: 'application/pdf', data })).toBeNull()
  expect(plainText({ contentType: 'text/plain', data: null })).toBeNull()
  expect(plainText({ contentType: 'text/plain', data: '!!' })).toBeNull()
  expect(plainText({ contentType: 'text/plain', data: Buffer.from([0xff, 0xfe]).toString('base64') })).toBeNull()
})
