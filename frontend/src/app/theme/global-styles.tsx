import GlobalStyles from '@mui/material/GlobalStyles'
import { cssProperties, tokens } from './tokens'

const box = {
  appearance: 'none' as const, width: '18px', height: '18px', margin: 0, flex: 'none', display: 'inline-grid', placeContent: 'center', verticalAlign: 'middle', cursor: 'pointer',
  border: '1px solid var(--ctl)', background: 'var(--surface)', printColorAdjust: 'exact' as const,
}
/** Custom properties per theme and density, and the few element rules the app relies on. */
const styles = {
  ':root': {
    ...cssProperties(tokens.light),
    '--focus-width': '2px', '--row': '32px', '--row-list': '30px', '--control': '32px', '--body': '0.8125rem', '--body-line': '1.25rem',
    colorScheme: 'light',
  },
  '[data-theme="dark"]': { ...cssProperties(tokens.dark), colorScheme: 'dark' },
  '[data-theme="highContrast"]': { ...cssProperties(tokens.highContrast), '--focus-width': '3px' },
  '[data-density="comfortable"]': { '--row': '40px', '--row-list': '38px', '--control': '36px', '--body': '0.875rem', '--body-line': '1.375rem' },
  '[data-density="compact"]': { '--row': '26px', '--row-list': '26px', '--control': '28px', '--body': '0.8125rem', '--body-line': '1.125rem' },
  '*, *::before, *::after': { boxSizing: 'border-box' as const },
  html: { height: '100%', WebkitTextSizeAdjust: '100%' },
  body: {
    margin: 0, height: '100%', background: 'var(--ground)', color: 'var(--ink)',
    fontFamily: '"Atkinson Hyperlegible Next Variable", system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif',
    fontSize: 'var(--body)', lineHeight: 'var(--body-line)', fontVariantNumeric: 'tabular-nums lining-nums',
  },
  '#root': { height: '100%' },
  'h1, h2, h3, p, ul, ol, dl, dd': { margin: 0, padding: 0 },
  'ul, ol': { listStyle: 'none' },
  a: { color: 'var(--acc)', textDecoration: 'none', '&:hover': { color: 'var(--acch)', textDecoration: 'underline' } },
  // Among words the colour alone does not tell a link.
  'p a': { textDecoration: 'underline' },
  ':focus-visible': { outline: 'var(--focus-width) solid var(--focus)', outlineOffset: '2px' },
  // Drawn from the tokens: what the system draws has the look of a disabled one in a dark theme. `:where` lets a class size it.
  ':where(input[type="checkbox"])': { ...box, borderRadius: 3 },
  ':where(input[type="radio"])': { ...box, borderRadius: '50%' },
  ':where(input[type="checkbox"]:checked)': { background: 'var(--acc)', borderColor: 'var(--acc)' },
  ':where(input[type="checkbox"]:checked)::before': { content: '""', width: '10px', height: '10px', background: 'var(--onacc)', clipPath: 'polygon(14% 46%, 0 62%, 40% 100%, 100% 18%, 84% 4%, 38% 68%)' },
  ':where(input[type="radio"]:checked)': { borderColor: 'var(--acc)', borderWidth: '5px' },
  ':where(input[type="checkbox"]:disabled, input[type="radio"]:disabled)': { borderColor: 'var(--line2)', background: 'var(--sunk)', cursor: 'default' },
  '.visually-hidden': { position: 'absolute' as const, width: 1, height: 1, margin: -1, overflow: 'hidden', clipPath: 'inset(50%)', whiteSpace: 'nowrap' as const },
  // A date or a number that is broken in two is read wrongly.
  '.whole': { whiteSpace: 'nowrap' as const },
  '@media (forced-colors: active)': { ':where(input[type="checkbox"], input[type="radio"])': { appearance: 'auto' as const } },
  // Paper is light whatever the screen is, and as long as what stands on it: nothing scrolls there, so nothing may be cut.
  '@page': { margin: '18mm 12mm 16mm' },
  '@media print': {
    ':root, [data-theme]': { ...cssProperties(tokens.light), '--ink': '#000', '--ground': '#fff', '--surface': '#fff', '--sunk': '#fff', '--sel': '#fff', '--hover': '#fff', colorScheme: 'light' },
    'html, body, #root': { height: 'auto', overflow: 'visible !important' },
    body: { background: '#fff', fontSize: '9.5pt' },
    'main, main *': { overflow: 'visible !important', maxHeight: 'none !important' },
    'tr, li': { breakInside: 'avoid' as const },
    thead: { display: 'table-header-group' },
    'h1, h2, h3': { breakAfter: 'avoid' as const },
    // What is pressed is of no use on paper. Names that can be pressed stay: they are plain buttons and links.
    'main .MuiButton-root, main .MuiIconButton-root, main .MuiToggleButtonGroup-root, .MuiSnackbar-root': { display: 'none' },
    'a, p a': { color: 'inherit', textDecoration: 'none' },
  },
  '@media (prefers-reduced-motion: reduce)': { '*': { transitionDuration: '0s !important', animationDuration: '0s !important' } },
}

export const AppStyles = () => <GlobalStyles styles={styles} />
