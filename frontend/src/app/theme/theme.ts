import { createTheme } from '@mui/material/styles'
import { tokens, type Tokens } from './tokens'

/** One Material-UI palette from a set of tokens. */
function palette(t: Tokens, mode: 'light' | 'dark') {
  return {
    palette: {
      mode,
      primary: { main: t.acc, dark: t.acch, light: t.acc, contrastText: t.onacc },
      error: { main: t.critical, dark: t.criticalFill, light: t.critical, contrastText: '#FFFFFF' },
      warning: { main: t.warning, dark: t.warning, light: t.warningEdge, contrastText: t.surface },
      info: { main: t.info, dark: t.info, light: t.info, contrastText: t.surface },
      success: { main: t.ok, dark: t.ok, light: t.ok, contrastText: t.surface },
      background: { default: t.ground, paper: t.surface },
      text: { primary: t.ink, secondary: t.ink2, disabled: t.ink3 },
      divider: t.line,
      action: { hover: t.hover, selected: t.sel, disabled: t.ink3, disabledBackground: t.sunk, active: t.ink2 },
    },
  }
}

/** The ends of what scrolls: a rule that stays, and what covers it where there is no more. */
const more = (side: 'top' | 'bottom') => `linear-gradient(var(--line2), var(--line2)) ${side} / 100% 1px no-repeat scroll`
const end = (side: 'top' | 'bottom') => `linear-gradient(var(--raised), var(--raised)) ${side} / 100% 4px no-repeat local`
const overlay = '0 8px 28px rgb(4 18 26 / .22), 0 1px 3px rgb(4 18 26 / .14)'
const font = '"Atkinson Hyperlegible Next Variable", system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif'
const rem = (px: number) => `${px / 16}rem`
const ring = { outline: 'var(--focus-width) solid var(--focus)', outlineOffset: 2 }

/** The Material-UI theme. Components read custom properties, so switching a theme changes one attribute and renders nothing. */
export const theme = createTheme({
  cssVariables: { cssVarPrefix: 'w', colorSchemeSelector: 'data-theme' },
  defaultColorScheme: 'light',
  colorSchemes: {
    light: palette(tokens.light, 'light'),
    dark: palette(tokens.dark, 'dark'),
    // Material-UI completes only the two schemes it knows; this one is completed here.
    highContrast: { palette: createTheme(palette(tokens.highContrast, 'light')).palette },
  },
  shape: { borderRadius: 4 },
  spacing: 2,
  shadows: ['none', ...Array.from({ length: 24 }, () => overlay)] as never,
  typography: {
    fontFamily: font,
    htmlFontSize: 16,
    h1: { fontSize: rem(19), lineHeight: 28 / 19, fontWeight: 650 },
    h2: { fontSize: rem(16), lineHeight: 22 / 16, fontWeight: 650 },
    h3: { fontSize: rem(13.5), lineHeight: 20 / 13.5, fontWeight: 650 },
    body1: { fontSize: rem(13), lineHeight: 20 / 13 },
    body2: { fontSize: rem(12), lineHeight: 16 / 12 },
    caption: { fontSize: rem(11.5), lineHeight: 16 / 11.5 },
    button: { fontSize: rem(13), fontWeight: 600, textTransform: 'none', letterSpacing: 0 },
  },
  transitions: { create: () => 'none' },
  components: {
    MuiButtonBase: { defaultProps: { disableRipple: true, disableTouchRipple: true }, styleOverrides: { root: { '&.Mui-focusVisible': ring } } },
    MuiButton: {
      defaultProps: { disableElevation: true },
      styleOverrides: {
        root: {
          minHeight: 'var(--control)', padding: '0 14px', minWidth: 0, lineHeight: rem(20),
          // The fill, not the text colour: white on it is legible in every theme.
          '&.MuiButton-contained.MuiButton-colorError': { background: 'var(--critical-fill)', color: '#FFFFFF' },
          '&.Mui-disabled, &.MuiButton-contained.MuiButton-colorError.Mui-disabled': { color: 'var(--ink3)', background: 'var(--sunk)', borderColor: 'var(--line2)' },
        },
        outlined: { borderColor: 'var(--line2)', color: 'var(--ink)', background: 'var(--surface)', '&:hover': { background: 'var(--hover)', borderColor: 'var(--ctl)' } },
        text: { padding: '0 8px' },
      },
    },
    MuiIconButton: { styleOverrides: { root: { borderRadius: 4, color: 'var(--ink2)', minWidth: 28, minHeight: 28, padding: 4 } } },
    // Where not all of them fit into a line, they go on in the next one; each edge stands on that of its neighbour.
    MuiToggleButtonGroup: { styleOverrides: { root: { flexWrap: 'wrap', padding: '0 1px 1px 0', '& .MuiToggleButtonGroup-grouped': { margin: '0 -1px -1px 0', borderColor: 'var(--line2)' } } } },
    MuiToggleButton: {
      styleOverrides: {
        root: {
          minHeight: 'var(--control)', padding: '0 10px', borderColor: 'var(--line2)', background: 'var(--surface)', color: 'var(--ink2)', fontWeight: 400,
          '&.Mui-selected, &.Mui-selected:hover': { background: 'var(--sel)', color: 'var(--acc)', fontWeight: 600, boxShadow: 'inset 0 -2px 0 var(--acc)' },
          '&.Mui-focusVisible': { ...ring, zIndex: 1 },
        },
      },
    },
    MuiOutlinedInput: {
      defaultProps: { notched: false },
      styleOverrides: {
        root: {
          background: 'var(--surface)', fontSize: rem(13.5),
          '&.Mui-focused': ring,
          '&.Mui-focused .MuiOutlinedInput-notchedOutline': { borderColor: 'var(--acc)', borderWidth: 1 },
          '&.Mui-error .MuiOutlinedInput-notchedOutline': { borderWidth: 2 },
        },
        notchedOutline: { borderColor: 'var(--ctl)', top: 0, '& legend': { display: 'none' } },
        // Material-UI draws it at less than half its strength.
        input: { height: 38, padding: '0 10px', boxSizing: 'border-box', '&::placeholder': { color: 'var(--ink3)', opacity: 1 } },
        multiline: { padding: 0, '& .MuiInputBase-input': { padding: '8px 10px' } },
      },
    },
    // As high as any other field.
    MuiAutocomplete: { styleOverrides: { root: { '& .MuiOutlinedInput-root': { padding: 0, '& .MuiAutocomplete-input': { padding: '0 10px' } } } } },
    MuiFormLabel: { styleOverrides: { root: { color: 'var(--ink2)', fontSize: rem(12), fontWeight: 600, lineHeight: rem(20), '&.Mui-focused': { color: 'var(--ink2)' }, '&.Mui-error': { color: 'var(--critical)' } } } },
    MuiFormHelperText: { styleOverrides: { root: { margin: '4px 0 0', fontSize: rem(12), color: 'var(--ink3)' } } },
    MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiMenu: { defaultProps: { transitionDuration: 0 }, styleOverrides: { paper: { background: 'var(--raised)', border: '1px solid var(--line2)', borderRadius: 6, boxShadow: overlay } } },
    MuiMenuItem: { styleOverrides: { root: { minHeight: 32, fontSize: rem(13), '&.Mui-focusVisible': { background: 'var(--hover)', outlineOffset: -2 } } } },
    // Of a dialog that is higher than the window the fields scroll, not the acts below them.
    MuiDialog: { defaultProps: { transitionDuration: 0 }, styleOverrides: { paper: { background: 'var(--raised)', borderRadius: 6, boxShadow: overlay, '& > form': { display: 'flex', flexDirection: 'column', minHeight: 0 } } } },
    // A rule tells that there is more than is in sight, above or below; it is gone where the content ends.
    MuiDialogContent: { styleOverrides: { root: { background: `${end('top')}, ${end('bottom')}, ${more('top')}, ${more('bottom')}` } } },
    // The acts end where the fields do.
    MuiDialogActions: { styleOverrides: { root: { padding: '8px 24px 16px' } } },
    MuiTooltip: {
      styleOverrides: { tooltip: { background: 'var(--ink)', color: 'var(--surface)', fontSize: rem(12), fontWeight: 400 } },
      defaultProps: { slotProps: { transition: { timeout: 0 } } },
    },
  },
})
