import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId } from 'react'
import { useAppearance } from '../../contexts/appearance'
import css from './help.module.css'
import type { Place } from './places'

/** Keys that work on every page; those of one character only while they are turned on. */
export const ALWAYS: readonly (readonly [string, string])[] = [['Ctrl K', 'Search patients, pages and commands'], ['Tab', 'Next control; the first one skips to the page'], ['Esc', 'Close what is on top']]
export const SINGLE: readonly (readonly [string, string])[] = [['/', 'Search'], ['?', 'These keys']]
export const AS_OF: readonly [string, string] = ['o', 'The chart as of a past instant']
export const keysOf = (places: readonly Place[]): readonly (readonly [string, string])[] => places.flatMap((p) => (p.keys ? [[p.keys, p.name] as const] : []))

/** The keys of this page. Those of one character can be turned off: speech input sets them off by accident. */
export default function Help({ places, inChart, onClose }: { places: readonly Place[]; inChart: boolean; onClose: () => void }) {
  const { shortcuts, choose } = useAppearance()
  const title = useId()
  const [search, ...others] = ALWAYS
  const rows = [...(search ? [search] : []), ...(shortcuts ? [...SINGLE, ...(inChart ? [AS_OF] : []), ...keysOf(places)] : []), ...others]
  return (
    <Dialog open onClose={onClose} aria-labelledby={title}>
      <DialogTitle id={title}>Keys</DialogTitle>
      <DialogContent tabIndex={0} role="group" aria-label="All keys">
        <table className={css.keys}>
          <tbody>{rows.map(([keys, what]) => <tr key={keys}><th scope="row">{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</th><td>{what}</td></tr>)}</tbody>
        </table>
      </DialogContent>
      <DialogActions>
        <Button variant="outlined" onClick={() => choose({ shortcuts: !shortcuts })}>{shortcuts ? 'Turn single keys off' : 'Turn single keys on'}</Button>
        <Button variant="contained" onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  )
}
