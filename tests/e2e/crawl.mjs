// Every role opens every page that links lead to and presses every control there: nothing fails, nothing is refused, nothing is without effect.
// Controls that look alike (rows of a table) are pressed a few times, not hundreds.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'

const ROLES = (process.env.WINTEHR_CRAWL_ROLES ?? 'physician nurse pharmacist registrar analyst admin').split(' ')
/** Names of chart tabs, for a look at these alone, in a chart that has something of each. */
const TABS = process.env.WINTEHR_CRAWL_TABS?.split(' ')
/** Each page of a chart: links have to lead there. */
const CHART = [...readFileSync('../../frontend/src/app/router.tsx', 'utf8').matchAll(/path: '(patients\/:id\/clinical\/[^']+)'/g)].map(([, path]) => `/${path}`)
/** How many controls of one look on one kind of page are pressed. */
const ALIKE = 2
const CONTROLS = '[role=row][aria-selected], a[href], button, summary, select, [role=tab], [role=menuitem], [role=switch], [role=radio], input[type=checkbox], input[type=radio]'

let browser, page, trouble, signInAs
/** Requests that are not answered yet, but for streams, which never are. */
const pending = new Set()
before(async () => {
  ({ browser, page, trouble, signInAs } = await open())
  page.on('request', (request) => { if (!/event-stream/.test(request.headers().accept ?? '')) pending.add(request) })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => pending.delete(request))
})
after(() => browser?.close())

/** An address without what differs from record to record. */
function kind(address) {
  const { pathname, searchParams } = new URL(address)
  const path = pathname.replace(/^\/patients\/[^/]+/, '/patients/:id')
  return [path, ...[...searchParams.keys()].filter((k) => k !== 'asOf').sort()].join(' ')
}

/** The controls to be seen, each with what tells it apart from its like. */
const controls = () => page.evaluate((selector) => {
  const seen = new Map()
  return [...document.querySelectorAll(selector)].flatMap((element, index) => {
    const box = element.getBoundingClientRect()
    const shown = box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true })
    if (!shown || element.disabled || element.ariaDisabled === 'true' || element.closest('[inert]')) return []
    const name = (element.getAttribute('aria-label') ?? element.innerText ?? element.labels?.[0]?.innerText ?? '').trim().replace(/\s+/g, ' ').slice(0, 80)
    const place = element.closest('nav, header, main, aside, dialog, table, [role=grid], [role=list], ul')
    const look = [element.tagName, element.className, element.getAttribute('role'), element.type, place?.tagName, place?.getAttribute('aria-label')].join(' ')
    const nth = seen.get(look) ?? 0
    seen.set(look, nth + 1)
    return [{ index, nth, name, look, tag: element.tagName, href: element.href, target: element.target, hidden: box.bottom <= 0 || box.right <= 0, download: element.hasAttribute('download'), current: element.ariaCurrent === 'page' || element.href === location.href }]
  })
}, CONTROLS)

/** All that a press may change. */
const state = () => page.evaluate(() => {
  const told = [...document.querySelectorAll('*')].map((e) => [...e.attributes].filter((a) => /^(aria-|data-|class|style|open|hidden)/.test(a.name)).map((a) => a.value).join()).join('|')
  const values = [...document.querySelectorAll('input, select, textarea')].map((e) => (/checkbox|radio/.test(e.type) ? e.checked : e.value)).join('|')
  const active = document.activeElement
  return [location.href, document.body.innerText, told, values, window.scrollY, [...document.querySelectorAll('*')].indexOf(active)].join('\n')
})

async function settled() {
  await page.waitForLoadState('load')
  await page.locator('main').first().waitFor()
  const late = Date.now() + 10_000
  for (let quiet = 0; quiet < 4 && Date.now() < late;) {
    await page.waitForTimeout(25)
    quiet = pending.size === 0 ? quiet + 1 : 0
  }
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** Presses one control of a page that was just opened; what is wrong with it, or nothing. */
async function press(control, requests) {
  // By its like: what another press made may stand before it since.
  const now = (await controls()).find((one) => one.look === control.look && one.nth === control.nth)
  if (now === undefined) return 'is not there when the page is opened again'
  const element = page.locator(CONTROLS).nth(now.index)
  const before = await state()
  const asked = requests.length
  const opened = page.waitForEvent('popup', { timeout: 1_500 }).catch(() => undefined)
  const saved = page.waitForEvent('download', { timeout: 1_500 }).catch(() => undefined)
  const moved = Symbol('moved')
  if (control.tag === 'SELECT') {
    const value = await element.evaluate((s) => [...s.options].find((o) => !o.selected && !o.disabled)?.value)
    if (value === undefined) return undefined
    await element.selectOption(value)
  } else if (control.hidden) {
    // It shows itself to the keyboard only.
    await element.focus()
    await page.keyboard.press('Enter')
  } else {
    await element.click({ timeout: 3_000 })
  }
  await settled()
  if (control.current || (await state()) !== before || requests.length > asked) return undefined
  const other = await Promise.race([opened, saved, new Promise((late) => setTimeout(late, 1_500, moved))])
  if (other === undefined || other === moved) return 'has no effect'
  await other.close?.()
  return undefined
}

for (const role of ROLES) {
  test(`a ${role} presses everything there is`, async () => {
    await signInAs(role)
    const faults = []
    const requests = []
    const onRequest = (request) => requests.push(request.url())
    // The explorer asks for any type; what one may not see is refused there, and said.
    const refusal = (text) => /fhir-explorer/.test(page.url()) && /403/.test(text)
    const onResponse = (response) => {
      const told = `${response.status()} from ${response.url()}`
      if (response.status() >= 400 && !refusal(told)) faults.push(`${where}: ${told}`)
    }
    let where = 'the first page'
    page.on('request', onRequest)
    page.on('response', onResponse)
    page.on('dialog', (dialog) => dialog.accept().catch(() => undefined))
    const queue = [`${url}/`]
    if (TABS) {
      const query = '{ patients(first: 1, fhirQuery: "_has:CareTeam:patient:status=active&_has:FamilyMemberHistory:patient:status=completed&_has:Consent:patient:status=active") { nodes { fhirId } } }'
      await signInAs('physician')
      const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query } })
      const { data } = await answer.json()
      queue.splice(0, 1, ...TABS.map((tab) => `${url}/patients/${data.patients.nodes[0].fhirId}/clinical/${tab}`))
      await signInAs(role)
    }
    const visited = new Set()
    const looks = new Map()
    let pressed = 0
    while (queue.length > 0) {
      const address = queue.shift()
      if (visited.has(kind(address))) continue
      visited.add(kind(address))
      where = `${role} at ${address}`
      await page.goto(address)
      await settled()
      visited.add(kind(page.url()))
      const here = page.url()
      const found = await controls()
      assert.ok(found.length > 0, `${where} has no controls`)
      let clean = true
      for (const control of found) {
        if (control.href?.startsWith(url) && !control.download && !control.target) {
          // Where a link leads to is opened by itself; pressing one of each look is enough.
          if (!TABS && !/\/(fhir|audit|graphql|auth|smart|oauth2)\//.test(control.href)) queue.push(control.href)
        } else if (control.href && !control.href.startsWith(url)) {
          continue
        }
        if (/^sign out$/i.test(control.name)) continue
        // What stands on every page is pressed on one.
        const look = /HEADER|NAV/.test(control.look) && !/\/clinical\//.test(kind(here)) ? control.look : `${kind(here)} ${control.look}`
        const times = looks.get(`${look} ${control.tag === 'BUTTON' ? control.name.replace(/\d+/g, '#') : ''}`) ?? 0
        const alike = looks.get(look) ?? 0
        if (times >= 1 || alike >= ALIKE * 4) continue
        looks.set(`${look} ${control.tag === 'BUTTON' ? control.name.replace(/\d+/g, '#') : ''}`, times + 1)
        looks.set(look, alike + 1)
        if (!clean) {
          await page.goto(here)
          await settled()
        }
        clean = false
        where = `${role} at ${kind(here)}, “${control.name}” (${control.tag.toLowerCase()})`
        pressed += 1
        try {
          const fault = await press(control, requests)
          if (fault) faults.push(`${where} ${fault}`)
        } catch (error) {
          faults.push(`${where}: ${String(error).split('\n')[0]}`)
        }
        faults.push(...trouble.splice(0).filter((t) => !refusal(t)).map((t) => `${where}: ${t}`))
        if (!TABS && page.url() !== here && page.url().startsWith(url)) queue.push(page.url())
      }
    }
    page.off('request', onRequest)
    page.off('response', onResponse)
    const reached = new Set([...visited].map((one) => one.split(' ')[0]))
    if (!TABS && !['analyst', 'admin'].includes(role)) faults.push(...CHART.filter((path) => !reached.has(path)).map((path) => `${role}: no link leads to ${path}`))
    console.log(`${role}: ${visited.size} pages, ${pressed} controls`)
    assert.deepEqual(faults, [])
  })
}
