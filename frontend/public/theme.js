// Sets the theme and density attributes before the first paint. Reads what contexts/theme stores; writes nothing.
;(() => {
  let saved = {}
  try {
    saved = JSON.parse(localStorage.getItem('wintehr.appearance') ?? '{}') ?? {}
  } catch {
    saved = {}
  }
  const root = document.documentElement
  const asked = (query) => matchMedia(query).matches
  const system = asked('(prefers-contrast: more)') ? 'highContrast' : asked('(prefers-color-scheme: dark)') ? 'dark' : 'light'
  root.dataset.theme = ['light', 'dark', 'highContrast'].includes(saved.theme) ? saved.theme : system
  root.dataset.density = ['comfortable', 'standard', 'compact'].includes(saved.density)
    ? saved.density
    : asked('(max-width: 899px)') ? 'comfortable' : 'standard'
})()
