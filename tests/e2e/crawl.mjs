// Every role opens every page that links lead to and presses every control there, and those of the menus and dialogs that open: nothing
// fails, nothing is refused, nothing is without effect. Controls that look alike (rows of a table) are pressed a few times, not hundreds.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { open, url } from './harness.mjs'
import { countOutside, GONE, hands } from './pressing.mjs'

const ALL_ROLES = 'nobody physician nurse pharmacist registrar analyst patient admin'
const ROLES = (process.env.WINTEHR_CRAWL_ROLES ?? ALL_ROLES).split(' ')
/** Names of chart tabs, for a look at these alone, in a chart that has something of each. */
const TABS = process.env.WINTEHR_CRAWL_TABS?.split(' ')
/** Addresses of pages, for a look at these alone. */
const PAGES = process.env.WINTEHR_CRAWL_PAGES?.split(' ')
const SOME = TABS !== undefined || PAGES !== undefined
/** How far into menus and dialogs: 1 is the page alone, 3 the form behind an entry of a menu. */
const DEPTH = Number(process.env.WINTEHR_CRAWL_DEPTH ?? 3)
/** The addresses of the pages, as the router has them. */
const ROUTES = [...readFileSync('../../frontend/src/app/router.tsx', 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path]) => path).filter((path) => path !== '/')
/** By its hash, each operation of the pages that may change a record. */
const ACTS = Object.entries(JSON.parse(readFileSync('../../frontend/src/gql/persisted-documents.json', 'utf8'))).filter(([, text]) => text.startsWith('mutation')).map(([hash]) => hash.replace('sha256:', ''))
/** Which of them an address is; what none is. */
const routeOf = (path) => ROUTES.find((route) => route !== '*' && new RegExp(`^/?${route.replace(/^\//, '').replace(/:\w+/g, '[^/]+')}$`).test(path)) ?? '*'
/** Each page of a chart: links have to lead there. */
const CHART = ROUTES.filter((path) => path.startsWith('patients/:id/clinical/'))
/** How many controls of one look on one kind of page are pressed. */
const ALIKE = 8
/** Chromium keeps what was left until it has time, which a crawl never gives it, up to gigabytes; so it is told to after so many openings. Then these are the most documents that may be there still: the one that is shown, with its frames. */
const OPENINGS = 25
const DOCUMENTS = 4
/** Not pressed: it ends the crawl. */
const LEAVES = /^sign out$/i
/** What may end one's own session; what is asked for after it, on the way to another control too, is refused. */
const ENDS = /^(log out|close|end|save)\b/i

let browser, page, inside, trouble, signInAs, controls, settled, press, content, closed
before(async () => {
  ({ browser, page, trouble, signInAs } = await open())
  inside = await page.context().newCDPSession(page)
  await page.addInitScript(countOutside)
  page.on('dialog', (dialog) => dialog.accept().catch(() => undefined));
  ({ controls, settled, press, content, closed } = hands(page))
})
after(() => browser?.close())

/** An address without what differs from record to record: a patient's, and that of an encounter of theirs. */
function kind(address) {
  const { pathname, searchParams } = new URL(address)
  const route = routeOf(pathname)
  const path = route.includes(':') ? `/${route}` : pathname
  return [path, ...[...searchParams.keys()].filter((k) => k !== 'asOf').sort()].join(' ')
}

const alike = (control) => `${control.look} ${control.name.replace(/\d+/g, '#')}`

async function ask(query, variables) {
  const answer = await page.request.post(`${url}/graphql`, { headers: { 'X-WintEHR-Request': '1' }, data: { query, variables } })
  const { data, errors } = await answer.json()
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data
}

/** Somebody of whom each tab of a chart has something to show. */
const somebody = async () => {
  await signInAs('physician')
  const { patients } = await ask('{ patients(first: 1, fhirQuery: "_has:CareTeam:patient:status=active&_has:FamilyMemberHistory:patient:status=completed&_has:Consent:patient:status=active") { nodes { fhirId } } }')
  return patients.nodes[0].fhirId
}

/** Signs in; patients have no demo log-in, so one is made for one of them. `nobody` is signed out. */
async function enter(role) {
  await page.context().clearCookies()
  if (role === 'nobody') return
  if (role !== 'patient') { await signInAs(role); return }
  const fhirUser = `Patient/${await somebody()}`
  await signInAs('admin')
  const login = `crawl-${Date.now()}`
  const { userCreate } = await ask('mutation($input: UserCreateInput!) { userCreate(input: $input) { password } }', { input: { login, name: 'A patient', roles: ['PATIENT'], fhirUser } })
  await page.context().clearCookies()
  const answer = await page.request.post(`${url}/auth/login`, { headers: { 'X-WintEHR-Request': '1' }, data: { user: login, password: userCreate.password, newPassword: `${crypto.randomUUID()} as said` } })
  assert.equal(answer.status(), 200)
}

test('a control without effect is found', async () => {
  await signInAs('physician')
  await page.goto(`${url}/settings`)
  await settled()
  await page.evaluate(() => document.querySelector('main').insertAdjacentHTML('afterbegin', '<button class="does-nothing">Nothing</button>'))
  const control = (await controls()).find((one) => one.name === 'Nothing')
  assert.equal(await press(control), 'has no effect')
})

test('a control that only reads again has an effect', async () => {
  await signInAs('admin')
  await page.goto(`${url}/administration/users`)
  await settled()
  assert.equal(await press((await controls()).find((one) => one.name === 'Show')), undefined)
})

const reachedBySomebody = new Set()
for (const role of ROLES) {
  test(`a ${role} presses everything there is`, async () => {
    const began = Date.now()
    const faults = []
    let where = 'the first page'
    let names = []
    let signedOut = false
    // The explorer asks for any type; what one may not see is refused there, and said. Who is signed out is told so.
    const expected = (text) => (/fhir-explorer/.test(page.url()) && /403/.test(text)) || (/401/.test(text) && (role === 'nobody' || names.some((name) => ENDS.test(name))))
    const fault = (text) => { if (!expected(text)) { faults.push(`${where}: ${text}`); console.log(`  ${where}: ${text}`) } }
    const onResponse = (response) => {
      if (response.status() === 401) signedOut = true
      if (response.status() >= 400) fault(`${response.status()} from ${response.url()}`)
    }
    let acts = 0
    const onRequest = (request) => {
      const asked = request.method() === 'POST' && new URL(request.url()).pathname === '/graphql' ? request.postData() ?? '' : ''
      if (ACTS.some((hash) => asked.includes(hash)) || /"query":"mutation/.test(asked)) acts += 1
    }
    const queue = role === 'nobody' ? [`${url}/login`] : [`${url}/`, `${url}/there-is-no-such-page`]
    if (TABS) {
      const id = await somebody()
      queue.splice(0, queue.length, ...TABS.map((tab) => `${url}/patients/${id}/clinical/${tab}`))
    }
    if (PAGES) queue.splice(0, queue.length, ...PAGES.map((path) => `${url}${path}`))
    await enter(role)
    trouble.splice(0)
    page.on('response', onResponse)
    page.on('request', onRequest)
    const visited = new Set()
    const pages = new Set()
    const looks = new Map()
    let pressed = 0
    let openings = 0
    /** Lists in whose rows an act was carried out: it may have done away with other acts of that row. */
    const moved = new Set()
    /** Acts that no row of such a list has any more: they are told, and are neither pressed nor at fault. */
    const doneAway = []
    const show = async (address) => {
      if (signedOut && role !== 'nobody') await enter(role)
      signedOut = false
      await page.goto(address)
      const waits = await settled()
      if (waits) fault(`does not come to rest: ${waits}`)
      openings += 1
      if (openings % OPENINGS > 0) return
      await inside.send('HeapProfiler.collectGarbage')
      const { documents } = await inside.send('Memory.getDOMCounters')
      if (documents > DOCUMENTS) fault(`${documents} documents are kept of pages that were left`)
    }
    /** Whether this one is pressed, or enough of its like were. `way` led to it. */
    const wanted = (here, way, control) => {
      // What stands on every page is pressed on one, the tabs and the head of a chart on each of its pages.
      const shell = control.place === 'NAV Areas' || control.hidden || (/^(HEADER|NAV)/.test(control.place) && !/\/clinical\//.test(here))
      const page = shell ? '' : here
      const path = control.over ? way.map((one) => (one.listed ? one.look : alike(one))).join(' > ') : ''
      const look = `${page} ${path} > ${control.look}`
      const one = control.tag === 'BUTTON' || control.over ? `${page} ${path} > ${alike(control)}` : look
      if (looks.has(one) || (looks.get(look) ?? 0) >= ALIKE) return false
      looks.set(look, (looks.get(look) ?? 0) + 1)
      looks.set(one, looks.get(one) ?? 1)
      return true
    }
    /** Presses what leads to a control. What kept from it, or nothing. */
    const led = async (steps) => {
      for (const step of steps) {
        const wrong = await press(step, false)
        if (wrong) return `on the way, “${step.name}” ${wrong}`
      }
      return undefined
    }
    /** Leads to a control by another row of the list, once its own row has it no more. Whether there is such a row; none is a fault unless an act explains it. */
    const ledByAnother = async (here, [first, ...rest], wrong) => {
      const control = rest.at(-1)
      await show(here)
      const others = (await controls()).filter((one) => one.look === first.look && one.name !== first.name).slice(0, ALIKE)
      for (const other of others) {
        const gone = await led([other, ...rest.slice(0, -1)])
        if (!gone && (await controls()).some((one) => one.over === control.over && one.name === control.name)) return true
        await show(here)
      }
      if (!moved.has(`${kind(here)} ${first.look}`)) throw new Error(wrong)
      doneAway.push(where)
      return false
    }
    while (queue.length > 0) {
      const address = queue.shift()
      if (visited.has(kind(address))) continue
      visited.add(kind(address))
      where = `${role} at ${address}`
      names = []
      try {
        await show(address)
      } catch (error) {
        fault(String(error).split('\n')[0])
        continue
      }
      const here = page.url()
      const since = { at: Date.now(), pressed }
      visited.add(kind(here))
      pages.add(kind(here))
      const found = await controls()
      if (found.length === 0) fault('has no controls')
      /** What is still to be pressed, each with what has to be pressed before it. */
      const ways = found.map((control) => [control])
      /** What sends a form that is complete as it opens comes last: a task that is done has no more acts to look at. And of that what ends something, from below: who has left a team is pressed before the team that ends. */
      const sends = []
      const ends = []
      let clean = true
      let was = await content()
      while (ways.length + sends.length + ends.length > 0) {
        const way = ways.shift() ?? sends.shift() ?? ends.shift()
        const control = way.at(-1)
        if (control.href?.startsWith(url) && !control.download && !control.target) {
          // Where a link leads to is opened by itself; pressing one of each look is enough.
          if (!SOME && !/\/(fhir|audit|graphql|auth|smart|oauth2)\//.test(control.href)) queue.push(control.href)
        } else if (control.href && !control.href.startsWith(url)) {
          continue
        }
        if (LEAVES.test(control.name) || !wanted(kind(here), way.slice(0, -1), control)) continue
        names = way.map((one) => one.name)
        where = `${role} at ${kind(here)}, ${names.map((name) => `“${name}”`).join(' > ')} (${control.tag.toLowerCase()})`
        try {
          // Most of what opens is closed by Escape; the page is opened again only where it is another then. What was recorded meanwhile is on it.
          if (!clean && (signedOut || !(await closed(was)))) {
            await show(here)
            was = await content()
          }
          clean = false
          // What an act has put on record stands on the page by itself since; the same act once more may be refused.
          const stands = way.length > 1 && !control.over && (await controls()).some((one) => one.look === control.look && one.name === control.name)
          if (!stands) {
            const steps = way.slice(0, -1)
            const gone = await led(steps)
            // An act pressed before may have moved this record on; another of its list still has what leads there.
            if (gone && steps[0].listed && steps.length > 1) {
              if (!(await ledByAnother(here, way, gone))) continue
            } else if (gone) throw new Error(gone)
          }
          const there = new Set(way.length < DEPTH ? (await controls()).map(alike) : [])
          pressed += 1
          const actsBefore = acts
          let wrong = await press(control)
          if (wrong === GONE && way.length > 1 && way[0].listed) {
            if (!(await ledByAnother(here, way, wrong))) {
              pressed -= 1
              continue
            }
            wrong = await press(control)
          }
          if (wrong) fault(wrong)
          else if (acts > actsBefore && way[0].listed) moved.add(`${kind(here)} ${way[0].look}`)
          // What it has brought is pressed too.
          if (way.length < DEPTH && page.url() === here) {
            for (const one of await controls()) if (!there.has(alike(one))) (one.ends ? ends : one.sends ? sends : ways).push([...way, one])
            ends.sort(([a], [b]) => b.index - a.index)
          }
        } catch (error) {
          fault(String(error).split('\n')[0])
        }
        for (const told of trouble.splice(0)) fault(told)
        if (!SOME && page.url() !== here && page.url().startsWith(url)) queue.push(page.url())
      }
      console.log(`  ${role} at ${kind(here)}: ${pressed - since.pressed} controls, ${Math.round((Date.now() - since.at) / 1000)} s; ${queue.length} links to look at`)
    }
    page.off('response', onResponse)
    page.off('request', onRequest)
    const reached = new Set([...visited].map((one) => routeOf(one.split(' ')[0])))
    for (const one of reached) reachedBySomebody.add(one)
    const missed = ROUTES.filter((route) => !reached.has(route))
    if (!SOME && !['analyst', 'admin', 'nobody'].includes(role)) faults.push(...missed.filter((path) => CHART.includes(path)).map((path) => `${role}: no link leads to ${path}`))
    console.log(`${role}: ${pages.size} pages of ${reached.size} routes, ${pressed} controls, ${openings} openings, ${faults.length} faults, ${doneAway.length} done away with by acts, ${Math.round((Date.now() - began) / 1000)} s; not reached: ${missed.join(' ') || 'none'}`)
    for (const one of doneAway) console.log(`  not pressed, since an act of its list had done away with it in each row: ${one}`)
    assert.deepEqual(faults, [])
  })
}

if (!SOME && ROLES.join(' ') === ALL_ROLES) {
  test('each page of the router was reached by somebody', () => {
    assert.deepEqual(ROUTES.filter((route) => !reachedBySomebody.has(route)), [])
  })
}
