import { render, screen } from '@testing-library/react'
import { decodeQR } from 'qr/decode.js'
import { expect, it } from 'vitest'
import { QrCode } from './qr'

/** What a camera would see: the drawn squares, each of four by four dots. */
function seen(svg: Element) {
  const size = Number(svg.getAttribute('viewBox')?.split(' ')[2])
  const scale = 4
  const data = new Uint8Array(size * scale * size * scale * 4).fill(255)
  for (const [, x, y] of svg.querySelector('path')?.getAttribute('d')?.matchAll(/M(\d+) (\d+)h1v1h-1z/g) ?? []) {
    for (let dy = 0; dy < scale; dy += 1) {
      for (let dx = 0; dx < scale; dx += 1) {
        const at = ((Number(y) * scale + dy) * size * scale + Number(x) * scale + dx) * 4
        data.fill(0, at, at + 3)
      }
    }
  }
  return { width: size * scale, height: size * scale, data }
}

it('draws what an authenticator reads back', async () => {
  const address = 'otpauth://totp/WintEHR:lee%40x?secret=MZXW6YTBOI5DGMRTMZXW6YTBOI5DGMRT&issuer=WintEHR'
  render(<QrCode text={address} label="QR code of the key" />)
  expect(decodeQR(seen(await screen.findByRole('img', { name: 'QR code of the key' })))).toBe(address)
})
