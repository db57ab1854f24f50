/** What nobody measured: a sign, and the word for it. */
export const Computed = ({ short = false }: { short?: boolean }) => (short ? <span title="computed"><span aria-hidden>ƒ</span><span className="visually-hidden">computed</span></span> : <><span aria-hidden>ƒ </span>computed</>)
