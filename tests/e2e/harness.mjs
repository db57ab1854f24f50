// One headless Chromium page against the real server: signing in, looking for trouble, checking accessibility. Needs WINTEHR_URL.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

export const url = process.env.WINTEHR_URL
assert.ok(url, 'WINTEHR_URL names the server')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
mkdirSync('shots', { recursive: true })

/** A browser with one page, and everything it complains of. */
export async function open(viewport = { width: 1440, height: 900 }) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu'] })
  const context = await browser.newContext({ viewport, bypassCSP: false })
  const page = await context.newPage()
  const trouble = []
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) trouble.push(message.text()) })
  page.on('pageerror', (error) => trouble.push(String(error)))
  page.on('requestfailed', (request) => { if (request.failure()?.errorText !== 'net::ERR_ABORTED') trouble.push(`${request.url()} ${request.failure()?.errorText}`) })

  const inTheme = async (theme, act) => {
    await page.evaluate((t) => { document.documentElement.dataset.theme = t }, theme)
    await act()
    await page.evaluate(() => { document.documentElement.dataset.theme = 'light' })
  }
  return {
    browser, page, trouble, inTheme,
    shot: (name) => page.screenshot({ path: `shots/${name}.png` }),
    /** No violation of WCAG 2.2 AA that axe can find, on this page as it stands. */
    async accessible(name) {
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }))
      const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).slice(0, 3).join(', ')}`)
      assert.deepEqual(told, [], `${name} has accessibility faults`)
    },
    /** Signs in as the first demo log-in of a role, without the form. */
    async signInAs(role) {
      const { demoUsers } = await (await page.request.get(`${url}/auth/config`)).json()
      const { user, password } = demoUsers.find((one) => one.role === role)
      const answer = await page.request.post(`${url}/auth/login`, { headers: { 'X-WintEHR-Request': '1' }, data: { user, password } })
      assert.equal(answer.status(), 200)
    },
    /** Ends every session of the first demo log-in of a role but that of the device it is done from. */
    async endSessions(role) {
      const other = await browser.newContext()
      const { demoUsers } = await (await other.request.get(`${url}/auth/config`)).json()
      const { user, password } = demoUsers.find((one) => one.role === role)
      const headers = { 'X-WintEHR-Request': '1' }
      await other.request.post(`${url}/auth/login`, { headers, data: { user, password } })
      const { sessions } = await (await other.request.get(`${url}/auth/sessions`)).json()
      for (const one of sessions.filter((s) => !s.current)) await other.request.delete(`${url}/auth/sessions/${one.id}`, { headers })
      await other.close()
    },
    /** Expected refusals are not trouble: signed out, the session door answers 401. */
    clear() { trouble.splice(0, trouble.length, ...trouble.filter((t) => !/status of 401/.test(t))) },
  }
}
