// What WCAG asks of a page's controls and text that axe cannot find: each function answers what is wrong with the page as it stands, in words.

/** Runs in the page: what can be pressed or written in and is drawn, and how it is called in a report. */
const CONTROLS = `
  const named = (el) => (el.getAttribute('aria-label') || el.labels?.[0]?.innerText || el.innerText || el.getAttribute('title') || el.id || el.tagName).trim().split('\\n')[0].slice(0, 40) + ' <' + el.tagName.toLowerCase() + ' ' + (el.className?.baseVal ?? el.className ?? '').slice(0, 40) + '>';
  const drawn = (el) => { const box = el.getBoundingClientRect(); return box.width > 1 && box.height > 1 && el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !el.closest('[inert], [aria-hidden=true], .visually-hidden') };
  const controls = () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, [role=button], [role=tab], [role=menuitem], [role=checkbox], [role=switch]')].filter((el) => !el.disabled && drawn(el));
  const parents = (el) => { const all = []; for (let at = el.parentElement; at; at = at.parentElement) all.push(at); return all };
`
const ask = (page, body) => page.evaluate(`(async () => { ${CONTROLS} ${body} })()`)

/** 1.4.10: controls that stand outside of what can be brought into sight without moving the whole page sideways. */
export const lost = (page) => ask(page, `
  return controls().filter((el) => {
    const box = el.getBoundingClientRect();
    // The link that skips to the page comes into sight when it has the focus.
    if (box.right < 0 && el.getAttribute('href') === '#page') return false;
    for (const at of parents(el)) {
      const style = getComputedStyle(at), frame = at.getBoundingClientRect();
      if (/auto|scroll/.test(style.overflowX)) return false;
      if (/hidden|clip/.test(style.overflowX) && (box.left >= frame.right || box.right <= frame.left)) return true;
    }
    return box.right > innerWidth + 1 || box.left < -1;
  }).map(named);
`)

/** 1.4.12: text that the spacing of a reader's own style cuts off, and that was whole without it. */
export const clipped = (page) => ask(page, `
  const cut = () => [...document.querySelectorAll('body *')].filter((el) => {
    if (!drawn(el) || !el.innerText?.trim() || el.matches('svg *, .visually-hidden')) return false;
    const { overflowX, overflowY } = getComputedStyle(el);
    return (/hidden|clip/.test(overflowX) && el.scrollWidth > el.clientWidth + 1) || (/hidden|clip/.test(overflowY) && el.scrollHeight > el.clientHeight + 1);
  });
  const before = new Set(cut());
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  // What fits itself to its room does so after the frame.
  for (let i = 0; i < 3; i += 1) await new Promise((done) => requestAnimationFrame(done));
  const told = cut().filter((el) => !before.has(el)).map(named);
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
  return told;
`)

/** 2.4.11: controls that are wholly covered, or out of the window, when they have the focus; forwards and backwards through the page. */
export const covered = (page) => ask(page, `
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, [tabindex="0"]')].filter((el) => el.tabIndex >= 0 && !el.disabled && drawn(el)).slice(0, 400);
  const faults = new Set();
  for (const el of [...all, ...all.toReversed()]) {
    if (!el.isConnected || !drawn(el)) continue;
    el.focus();
    if (document.activeElement !== el) continue;
    const box = el.getBoundingClientRect();
    let [left, right, top, bottom] = [Math.max(0, box.left), Math.min(innerWidth, box.right), Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
    // Of what is higher than its frame the part in the frame counts.
    for (const at of parents(el)) {
      if (getComputedStyle(at).overflowY === 'visible') continue;
      const frame = at.getBoundingClientRect();
      [left, right, top, bottom] = [Math.max(left, frame.left), Math.min(right, frame.right), Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    }
    const seen = right > left && bottom > top && [0.5, 0.1, 0.9].some((x) => [0.5, 0.1, 0.9].some((y) => {
      const hit = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y);
      return hit && (el.contains(hit) || hit.contains(el) || hit.closest('label')?.control === el);
    }));
    if (!seen) faults.add(named(el) + ' at ' + [left, top, right, bottom].map(Math.round).join(' '));
  }
  document.activeElement?.blur();
  return [...faults];
`)

/** 2.5.8: what is pressed is 24 by 24 at least; links may be lower where a circle of 24 around each meets no other target, or in a line of text. */
export const small = (page) => ask(page, `
  const boxOf = (el) => { const label = el.matches('input') && el.closest('label'); return (label || el).getBoundingClientRect() };
  const all = controls().filter((el) => !el.matches('input[aria-hidden]'));
  const boxes = all.map((el) => ({ el, box: boxOf(el) }));
  const near = (a, b) => { const [x, y] = [a.left + a.width / 2, a.top + a.height / 2]; return Math.hypot(x - Math.max(b.left, Math.min(x, b.right)), y - Math.max(b.top, Math.min(y, b.bottom))) < 12 };
  return boxes.filter(({ el, box }) => {
    if (box.width >= 23.5 && box.height >= 23.5) return false;
    // The field of a text has the size of the frame around it.
    if (el.closest('.MuiInputBase-root, .MuiTablePagination-root')?.getBoundingClientRect().height >= 23.5) return false;
    if (el.matches('a')) {
      const alone = [...el.parentElement.childNodes].every((node) => node === el || (node.nodeType !== 3 || !node.data.trim()));
      if (!alone && getComputedStyle(el).display === 'inline') return false;
      return boxes.some((other) => other.el !== el && !el.contains(other.el) && !other.el.contains(el) && near(box, other.box));
    }
    return true;
  }).map(({ el, box }) => named(el) + ' ' + Math.round(box.width) + 'x' + Math.round(box.height));
`)
