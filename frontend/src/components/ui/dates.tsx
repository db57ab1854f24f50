import { Fragment } from 'react'

/** Words in which each date stays on one line, and the end of a time with the dash before it. */
export const Dates = ({ of }: { of: string }) => of.split(/((?:– )?\d{2}-\p{Lu}\p{Ll}{2}-\d{4}|– ongoing)/u).map((part, i) => (i % 2 === 1 ? <span key={i} className="whole">{part}</span> : <Fragment key={i}>{part}</Fragment>))
