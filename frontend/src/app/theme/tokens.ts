/** Colour tokens of the visual language, one record per theme. Ratios (WCAG 2) are checked in `tokens.test.ts`. */

const light = {
  ground: '#EAEFF1', surface: '#FFFFFF', sunk: '#F5F8F9', raised: '#FFFFFF', hover: '#F0F4F6', sel: '#E2F0F5',
  line: '#DCE4E8', line2: '#BAC7CE', ctl: '#74858F',
  ink: '#12212A', ink2: '#41535E', ink3: '#5A6B76',
  acc: '#0B5A78', acch: '#084860', onacc: '#FFFFFF', focus: '#0E7CA6',
  series: '#33505F', band: '#D5E6DF', bandl: '#5A7970',
  critical: '#B00E2F', criticalTint: '#FCEBEE', criticalFill: '#B00E2F', criticalMark: '#B00E2F',
  high: '#9F3F08', low: '#2A54B4',
  warning: '#7E5200', warningTint: '#FFF5DE', warningEdge: '#B57A00',
  info: '#2C5C8F', infoTint: '#EBF2F9', ok: '#1C6844', okTint: '#E7F4ED',
  draft: '#65459A', eie: '#5A6B76',
}

export type Tokens = Record<keyof typeof light, string>

const dark: Tokens = {
  ground: '#0B1216', surface: '#121B20', sunk: '#172228', raised: '#1C282F', hover: '#1A262C', sel: '#12313E',
  line: '#24323A', line2: '#3C4F59', ctl: '#72848E',
  ink: '#E6EDF0', ink2: '#ADBBC3', ink3: '#8D9DA6',
  acc: '#74C4E0', acch: '#9AD6EB', onacc: '#04202B', focus: '#74C4E0',
  series: '#B9CBD4', band: '#274840', bandl: '#7FA496',
  critical: '#FF8C99', criticalTint: '#35161D', criticalFill: '#BE1F3F', criticalMark: '#FF6076',
  high: '#F4A477', low: '#94B5FF',
  warning: '#EBC062', warningTint: '#2D2512', warningEdge: '#D9A32B',
  info: '#90BEE8', infoTint: '#16283A', ok: '#79CDA4', okTint: '#132B21',
  draft: '#C3A9EF', eie: '#8D9DA6',
}

/** Light with all secondary ink at full strength, control-strength rules and no tints. */
const highContrast: Tokens = {
  ...light,
  ink2: light.ink, ink3: light.ink, line: light.ctl, line2: light.ctl, eie: light.ink,
  sel: light.surface, criticalTint: light.surface, warningTint: light.surface, infoTint: light.surface, okTint: light.surface,
}

export const tokens = { light, dark, highContrast }
export type ThemeName = keyof typeof tokens

/** Custom properties (`--ink`, `--critical-tint` …) for one theme. */
export function cssProperties(of: Tokens): Record<string, string> {
  return Object.fromEntries(
    Object.entries(of).map(([name, value]) => [`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, value]),
  )
}
