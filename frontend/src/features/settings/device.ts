/** What a browser calls itself, in words people know; as it is where it says nothing known. */
export function deviceName(agent: string): string {
  if (!agent) return 'Unknown device'
  const first = (names: readonly (readonly [RegExp, string])[]) => names.find(([pattern]) => pattern.test(agent))?.[1]
  // The order matters: browsers claim to be those that came before them.
  const browser = first([[/\bEdg\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bFirefox\//, 'Firefox'], [/\b(Headless)?Chrom(e|ium)\//, 'Chrome'], [/\bSafari\//, 'Safari']])
  const system = first([[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']])
  return browser ? `${browser}${system ? ` on ${system}` : ''}` : agent.slice(0, 60)
}
