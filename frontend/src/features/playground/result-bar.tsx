import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import Button from '@mui/material/Button'
import NativeSelect from '@mui/material/NativeSelect'
import { useMemo, useState } from 'react'
import { openEnds, rowSources, rowsOf, toCsv, type Rows } from './csv'
import css from './playground.module.css'

/** The last answer of the server: what it held and what it took. */
export interface Answered { data: unknown; failed: boolean; ms: number; bytes: number }

/** Rows drawn at most; the file has all. */
const DRAWN = 200

/** Under the editor: the last result as rows, to look at or to take away. */
export function ResultBar({ of }: { of: Answered | null }) {
  const [chosen, setChosen] = useState('')
  const [shown, setShown] = useState(false)
  const sources = useMemo(() => (of ? rowSources(of.data) : []), [of])
  const path = sources.some((s) => s.path === chosen) ? chosen : sources[0]?.path ?? ''
  const rows = useMemo(() => (of?.data ? rowsOf(of.data, path) : null), [of, path])
  const open = useMemo(() => (of ? openEnds(of.data) : []), [of])
  if (!of) return <section className={css.bar} aria-label="Rows"><span>Run an operation to see its rows here.</span></section>
  return (
    <>
      {shown && rows && <Table of={rows} label={path || 'result'} />}
      <section className={css.bar} aria-label="Rows">
        <span role="status">
          {rows ? `${rows.rows.length} rows, ${rows.columns.length} columns` : 'No data'}
          {of.failed && ', with errors'} · {of.ms} ms · {(of.bytes / 1024).toFixed(1)} kB
        </span>
        {open.length > 0 && <span className={css.page}>One page only: {open.join(', ')} {open.length === 1 ? 'goes' : 'go'} on.</span>}
        {sources.length > 1 && (
          <label>
            A row per{' '}
            <NativeSelect value={path} onChange={(e) => setChosen(e.target.value)} disableUnderline>
              {sources.map((s) => <option key={s.path} value={s.path}>{`${s.path} (${s.count})`}</option>)}
            </NativeSelect>
          </label>
        )}
        <Button variant="outlined" disabled={!rows} aria-pressed={shown} onClick={() => setShown((before) => !before)}>{shown ? 'Hide table' : 'Show table'}</Button>
        <Button variant="contained" disabled={!rows} startIcon={<FileDownloadOutlined />} onClick={() => { if (rows) download(toCsv(rows)) }}>Export CSV</Button>
      </section>
    </>
  )
}

function Table({ of: { columns, rows }, label }: { of: Rows; label: string }) {
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={`Rows of ${label}`}>
      <table>
        <thead><tr>{columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>{rows.slice(0, DRAWN).map((row, i) => <tr key={i}>{row.map((value, j) => <td key={j}><span>{value}</span></td>)}</tr>)}</tbody>
      </table>
      {rows.length > DRAWN && <p>{rows.length - DRAWN} more rows are in the file.</p>}
    </div>
  )
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8;header=present' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'wintehr-result.csv'
  link.click()
  URL.revokeObjectURL(url)
}
