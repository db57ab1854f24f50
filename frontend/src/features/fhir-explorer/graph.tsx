import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useEffect, useMemo, useRef, useState } from 'react'
import { RecordTable } from '../../components/ui/record-table'
import { Empty, Loading, NotLoaded } from '../../components/ui/states'
import { fhirRead, foundPage, textAt, type FhirIssue, type Json } from '../../lib/fhir'
import { formatDecimal } from '../../lib/quantity'
import css from './explorer.module.css'
import { drawingOf, linksOf, MOST, NODE, nodeKey, type Links, type Neighbour } from './links'
import { Issues, says } from './results'

type Read = { state: 'loading' } | { state: 'failed' } | { state: 'read'; links: Links; issues: readonly FhirIssue[] }

async function readLinks(of: Json): Promise<Read> {
  const answer = await fhirRead(`${textAt(of, 'resourceType')}?_id=${encodeURIComponent(textAt(of, 'id'))}&_include=*&_revinclude=*&_count=1`)
  if ('failure' in answer) return { state: 'failed' }
  const page = foundPage(answer.body)
  return { state: 'read', links: linksOf(of, [...page.included, ...page.matches]), issues: page.issues }
}

const count = (n: number): string => formatDecimal(String(n))
const NOT_HERE = 'not here, or not to be seen'
const saysOf = ({ document }: Neighbour): string => (document ? says(document) : NOT_HERE)
const clipped = (text: string, letters: number): string => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text)

/** What refers to a resource and what it refers to: drawn in layers, or as a table of the same. */
export function References({ of, onFollow }: { of: Json; onFollow: (place: string) => void }) {
  const [read, setRead] = useState<Read>({ state: 'loading' })
  const [view, setView] = useState<'graph' | 'table'>('graph')
  useEffect(() => {
    let current = true
    void readLinks(of).then((found) => { if (current) setRead(found) })
    return () => { current = false }
  }, [of])
  if (read.state === 'loading') return <Loading rows={6} label="references" />
  if (read.state === 'failed') return <NotLoaded what="References" onRetry={() => { setRead({ state: 'loading' }); void readLinks(of).then(setRead) }} />
  const { incoming, outgoing, elsewhere } = read.links
  return (
    <>
      <div className={css.bar}>
        <p className={css.told}>{count(incoming.length)} that you see {incoming.length === 1 ? 'refers' : 'refer'} here; it refers to {count(outgoing.length)}{elsewhere.length > 0 && `, and to ${count(elsewhere.length)} elsewhere`}.</p>
        <ToggleButtonGroup exclusive size="small" value={view} aria-label="Show references as" onChange={(_, v: typeof view | null) => { if (v) setView(v) }}>
          <ToggleButton value="graph">Graph</ToggleButton>
          <ToggleButton value="table">List</ToggleButton>
        </ToggleButtonGroup>
      </div>
      <Issues of={read.issues} label="What the server says about these references" />
      {incoming.length + outgoing.length + elsewhere.length === 0 ? <Empty>Nothing that you see refers here, and it refers to nothing.</Empty>
        : view === 'graph' ? <Graph of={of} links={read.links} onFollow={onFollow} />
        : <List links={read.links} onFollow={onFollow} />}
    </>
  )
}

function Graph({ of, links, onFollow }: { of: Json; links: Links; onFollow: (place: string) => void }) {
  const { nodes, width, height, middle, left } = useMemo(() => drawingOf(links), [links])
  const [active, setActive] = useState(0)
  const [said, setSaid] = useState('')
  const drawn = useRef<(SVGGElement | null)[]>([])
  const type = textAt(of, 'resourceType')
  const centre = middle.y + NODE.height / 2
  return (
    <figure className={css.graph}>
      <p aria-hidden className={css.said}>{said || 'Point at a resource, or come to it by Tab and the arrows, to read it in full.'}</p>
      <svg viewBox={`0 0 ${width} ${height}`} style={{ maxWidth: width }} role="group" aria-label={`References of ${type}: ${links.incoming.length} in, ${links.outgoing.length} out. Arrows move, Enter opens.`}>
        {nodes.map((node) => {
          const [from, to] = node.side === 'in' ? [NODE.width, middle.x] : [middle.x + NODE.width, node.x]
          const [y1, y2] = node.side === 'in' ? [node.y + NODE.height / 2, centre] : [centre, node.y + NODE.height / 2]
          return <path key={node.side + node.of.place} d={`M${from} ${y1} C${(from + to) / 2} ${y1} ${(from + to) / 2} ${y2} ${to} ${y2}`} className={css.edge} />
        })}
        <g transform={`translate(${middle.x} ${middle.y})`} className={css.centre}>
          <rect width={NODE.width} height={NODE.height} rx={4} />
          <text x={8} y={16} className={css.kind}>{clipped(type, 24)}</text>
          <text x={8} y={30}>{clipped(says(of) || textAt(of, 'id'), 24)}</text>
        </g>
        {nodes.map((node, i) => {
          const [kind = ''] = node.of.place.split('/')
          const [first, second] = [`${kind} · ${node.of.by.join(', ')}`, saysOf(node.of) || node.of.place.slice(kind.length + 1)]
          const drawnWords = [clipped(first, 24), clipped(second, 24)]
          const whole = drawnWords.some((words) => words.endsWith('…')) ? `: ${first}, ${second}` : ''
          // What is drawn stands first, as speech input asks for it.
          const label = `${drawnWords.join(' ')}, ${node.side === 'in' ? 'refers here' : 'referred to'}${whole}`
          const words = `${first}: ${second}. ${node.side === 'in' ? 'Refers here' : 'Referred to'}${node.of.document ? '' : '; it cannot be opened'}.`
          const follow = () => { if (node.of.document) onFollow(node.of.place) }
          return (
            <g
              key={node.side + node.of.place} role="button" aria-label={label} aria-disabled={!node.of.document || undefined} tabIndex={i === active ? 0 : -1} transform={`translate(${node.x} ${node.y})`} className={node.of.document ? css.node : css.absent}
              ref={(element) => { drawn.current[i] = element }} onFocus={() => { setActive(i); setSaid(words) }} onPointerEnter={() => setSaid(words)} onClick={follow}
              onKeyDown={(event) => {
                if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); follow(); return }
                const next = nodeKey(event.key, i, nodes)
                if (next !== null) { event.preventDefault(); drawn.current[next]?.focus() }
              }}
            >
              <rect width={NODE.width} height={NODE.height} rx={4} />
              <text x={8} y={16} className={css.kind}>{`${drawnWords[0] ?? ''} `}</text>
              <text x={8} y={30}>{drawnWords[1]}</text>
            </g>
          )
        })}
      </svg>
      <figcaption>
        On the left what refers here, on the right what it refers to.
        {left > 0 && <strong> {count(left)} more are not drawn: {MOST} are at most. The list has them all.</strong>}
      </figcaption>
    </figure>
  )
}

function List({ links: { incoming, outgoing, elsewhere }, onFollow }: { links: Links; onFollow: (place: string) => void }) {
  const row = (way: string) => (one: Neighbour) => (
    <tr key={way + one.place}>
      <th scope="row">{one.document ? <button type="button" className={css.link} onClick={() => onFollow(one.place)}>{one.place}</button> : one.place}</th>
      <td>{way}</td>
      <td>{one.by.join(', ')}</td>
      <td>{saysOf(one)}</td>
    </tr>
  )
  return (
    <RecordTable label="References" columns={['Resource', 'Way', 'By', 'Says']}>
      {incoming.map(row('refers here'))}
      {outgoing.map(row('referred to'))}
      {elsewhere.map((one, i) => <tr key={i}><th scope="row" className={css.leaf}>{one.to}</th><td>referred to</td><td>{one.by}</td><td>not on this server</td></tr>)}
    </RecordTable>
  )
}
