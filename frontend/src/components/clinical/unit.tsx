import { Fragment } from 'react'

/** A unit that may take two lines in a narrow column, broken after a stroke only. */
export function Unit({ of }: { of: string }) {
  return of.split('/').map((part, i) => <Fragment key={i}>{i > 0 && <>/<wbr /></>}{part}</Fragment>)
}
