// What the crawl does on one page: wait until it stands, see its controls, press one, and tell whether that changed anything.
/** What can be pressed. Fields that are written in are not. */
const CONTROLS = '[role=row][aria-selected], a[href], button, summary, select, [role=button], [role=tab], [role=menuitem], [role=menuitemradio], [role=switch], [role=radio], input[type=checkbox], input[type=radio]'
/** What is wrong with a control that has gone. */
export const GONE = 'is not there when the page is opened again'
/** The longest that a page may take to stand, and a press to show that it did something. */
const STANDS_MS = 30_000
const EFFECT_MS = 3_000
/** The longest that a control may be under something else or move. */
const PRESSED_MS = 15_000

/**
 * In each document: effects that leave no trace in it. The browser's own word at a field that is missing, a printed page, a copied text, the browser's calendar.
 * And the answers that the page itself has not read to their end: from outside it cannot be told whether what came has been taken up yet.
 */
export function countOutside() {
  window.unread = 0
  const ask = window.fetch
  window.fetch = async (...asked) => {
    window.unread += 1
    const done = () => setTimeout(() => { window.unread -= 1 })
    try {
      const answer = await ask(...asked)
      if (/event-stream/.test(answer.headers.get('content-type') ?? '')) done()
      else answer.clone().text().then(done, done)
      return answer
    } catch (error) {
      done()
      throw error
    }
  }
  window.outside = 0
  const count = () => { window.outside += 1 }
  document.addEventListener('invalid', count, true)
  window.print = count
  HTMLInputElement.prototype.showPicker = count
  if (navigator.clipboard) navigator.clipboard.writeText = async () => count()
}

/** A page under the hands of the crawl. */
export function hands(page) {
  /** Requests that are not answered yet. */
  const pending = new Set()
  let asked = 0
  page.on('request', (request) => {
    // Streams are never answered to their end (a query takes one too, but last of all, and is answered otherwise), and of the editor's
    // workers one is not told when they have come.
    if (/^text\/event-stream/.test(request.headers().accept ?? '') || /\.worker-/.test(request.url())) return
    pending.add(request)
    // Each press tells the server that somebody is there, whatever it was.
    if (!/\/auth\/session$/.test(request.url())) asked += 1
  })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => pending.delete(request))
  // A refusal that the page does not read to its end is never finished.
  page.on('response', (response) => { if (response.status() >= 400) pending.delete(response.request()) })

  /** The controls to be seen, each with what tells it apart from its like. Where a menu or dialog is open, those are the ones in it. */
  // As one text: hundreds of objects take the browser's driver longer than all else.
  const controls = async () => JSON.parse(await page.evaluate((selector) => {
    const seen = new Map()
    return JSON.stringify([...document.querySelectorAll(selector)].flatMap((element, index) => {
      const box = element.getBoundingClientRect()
      const shown = box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true })
      if (!shown || element.disabled || element.ariaDisabled === 'true' || element.closest('[inert], [aria-hidden=true]')) return []
      const name = (element.getAttribute('aria-label') ?? element.innerText ?? element.labels?.[0]?.innerText ?? '').trim().replace(/\s+/g, ' ').slice(0, 80)
      const place = element.closest('nav, header, main, aside, dialog, [role=dialog], [role=menu], table, [role=grid], [role=list], ul')
      const where = [place?.tagName, place?.getAttribute('aria-label')].join(' ')
      const listed = element.closest('table, [role=grid], [role=list], ul, ol')
      const look = [element.tagName, String(element.className).replace(/\s*\S*focusVisible\S*/g, '').trim(), element.getAttribute('role'), element.type, where].join(' ')
      const sends = element.type === 'submit' && !!element.form && [...element.form.querySelectorAll('[aria-required=true], :required')].every((field) => field.value)
      const nth = seen.get(look) ?? 0
      seen.set(look, nth + 1)
      return [{
        index, nth, name, look, place: where, tag: element.tagName, href: element.href, target: element.target, listed: !!listed && place?.getAttribute('role') !== 'menu',
        over: !!element.closest('dialog, [role=dialog], [role=menu]'),
        // Pressing it sends a form that lacks nothing: what the form is about may be done with, and gone from here, then.
        sends, ends: sends && /colorError/.test(element.className),
        hidden: box.bottom <= 0 || box.right <= 0, download: element.hasAttribute('download'),
        // It is in the state that pressing it leads to.
        current: !['false', null].includes(element.ariaCurrent) || element.href === location.href || (element.type === 'radio' && element.checked)
          || (/^(tab|radio|menuitemradio)$/.test(element.role) && (element.ariaSelected === 'true' || element.ariaChecked === 'true')) || element.ariaPressed === 'true',
      }]
    }))
  }, CONTROLS))

  /** All that a press may change: what is on the page, and where one is on it. */
  const both = () => page.evaluate(() => {
    // Not the head: parts of the page that are loaded when first needed are named in it.
    const all = [document.documentElement, document.body, ...document.body.querySelectorAll('*')]
    const told = all.map((e) => [...e.attributes].filter((a) => /^(aria-|data-|class|style|open|hidden)/.test(a.name)).map((a) => a.value.replace(/\s*\S*focusVisible\S*/g, '')).join()).join('|')
    const values = [...document.querySelectorAll('input, select, textarea')].map((e) => (/checkbox|radio/.test(e.type) ? e.checked : e.value)).join('|')
    const scrolled = [window.scrollY, ...all.filter((e) => e.scrollTop > 0 || e.scrollLeft > 0).map((e) => `${e.scrollTop} ${e.scrollLeft}`)].join('|')
    // Only whether it is the same is asked, so a hash leaves the page (FNV-1a, twice 32 bits) and not a megabyte.
    const hashed = (text) => {
      let a = 0x811c9dc5, b = 0xc2b2ae35
      for (let i = 0; i < text.length; i += 1) {
        const unit = text.charCodeAt(i)
        a = Math.imul(a ^ unit, 0x01000193)
        b = Math.imul(b ^ unit, 0x85ebca6b)
      }
      return `${a >>> 0} ${b >>> 0}`
    }
    return [`${location.href}\n${hashed([document.body.innerText, told, values].join('\n'))}`, [scrolled, all.indexOf(document.activeElement), window.outside].join('\n')]
  })
  const state = async () => (await both()).join('\n')
  /** What is on the page, wherever one is on it: its address, and what tells it from another content. */
  const content = async () => (await both())[0]

  /** Waits until the page itself has nothing to do and does not say that it waits. What it waited for too long, or nothing. */
  async function settled() {
    await page.waitForLoadState('load')
    const end = Date.now() + STANDS_MS
    for (let quiet = 0, waits = ''; quiet < 3;) {
      // The page answers after all else it has to do: however slow the machine is, what was under way has been drawn by then.
      const says = await page.evaluate(() => new Promise((done) => {
        setTimeout(() => done('it has no time to draw'), 10_000)
        requestAnimationFrame(() => scheduler.postTask(() => {
          const told = [...document.querySelectorAll('[role=status]')].map((one) => one.getAttribute('aria-label') ?? one.textContent ?? '').find((one) => /^Loading |is starting/.test(one))
          done(!document.querySelector('main, [role=main]') ? 'there is no main part' : document.fonts.status !== 'loaded' ? 'its letters are on their way' : window.unread > 0 ? 'an answer is not read yet' : told ?? '')
        }, { priority: 'background' }))
      })).catch(async (error) => {
        // It went to another document meanwhile.
        if (!/context was destroyed|navigat/i.test(String(error))) throw error
        await page.waitForLoadState('load')
        return 'another document'
      })
      waits = says || [...pending].map((one) => one.url()).join(', ')
      quiet = waits === '' ? quiet + 1 : 0
      if (Date.now() > end) return waits
    }
    return ''
  }

  async function effect(before, requests) {
    for (const end = Date.now() + EFFECT_MS; Date.now() < end; await page.waitForTimeout(50)) {
      if (asked > requests || (await state()) !== before) return true
    }
    return false
  }

  /** Presses one control of those to be seen. What is wrong with it, or nothing. */
  async function press(control, judged = true) {
    // By its like and its name: what another press made may stand before it since, or have changed how it looks.
    const there = await controls()
    const now = there.find((one) => one.look === control.look && one.nth === control.nth && one.name === control.name)
      ?? there.find((one) => one.tag === control.tag && one.name === control.name && one.over === control.over)
      ?? there.find((one) => one.look === control.look && one.nth === control.nth)
      // A row that a press before has done with is gone; another of the list has the same controls.
      ?? there.findLast((one) => one.listed && control.listed && one.look === control.look)
    if (now === undefined) return GONE
    const element = page.locator(CONTROLS).nth(now.index)
    // To be under the pointer and to have the focus is no effect yet.
    if (!control.hidden) await element.hover({ timeout: PRESSED_MS })
    await element.focus()
    const before = judged ? await state() : ''
    const requests = asked
    let other
    const opened = (it) => { other = it }
    page.on('popup', opened)
    page.on('download', opened)
    try {
      if (control.tag === 'SELECT') {
        const value = await element.evaluate((s) => [...s.options].find((o) => !o.selected && !o.disabled)?.value)
        if (value === undefined) return undefined
        await element.selectOption(value)
      } else if (control.hidden) {
        // It shows itself to the keyboard only.
        await page.keyboard.press('Enter')
      } else {
        await element.click({ timeout: PRESSED_MS })
      }
      const waits = await settled()
      if (waits) return `leaves the page waiting: ${waits}`
      if (judged && !control.current && !other && !(await effect(before, requests)) && !other) return 'has no effect'
      await other?.close?.()
      return undefined
    } finally {
      page.off('popup', opened)
      page.off('download', opened)
    }
  }

  /** Closes what has been opened over the page; whether the page then is as it was with this content. */
  async function closed(was) {
    for (let tries = 0; tries < 2; tries += 1) {
      if (new URL(page.url()).href !== was.slice(0, was.indexOf('\n')) || (await settled())) return false
      if ((await content()) === was) return true
      await page.keyboard.press('Escape')
    }
    return !(await settled()) && (await content()) === was
  }

  return { controls, settled, press, content, closed }
}
