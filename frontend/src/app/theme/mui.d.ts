import type {} from '@mui/material/themeCssVarsAugmentation'

declare module '@mui/material/styles' {
  interface CssThemeVariables { enabled: true }
  interface ColorSchemeOverrides { highContrast: true }
}
