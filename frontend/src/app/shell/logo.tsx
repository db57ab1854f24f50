/** The mark: a W under one point. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 26 26" fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinejoin="round" strokeLinecap="round" aria-hidden>
      <path d="M3 8l5 14 5-11 5 11 5-14" />
      <circle cx="13" cy="4" r="1.6" fill="currentColor" stroke="none" />
    </svg>
  )
}
