// Weighs JavaScript, gzipped: the entry with its static imports, what each route adds to it, and all of the playground. Fails above a limit.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const ENTRY_KB = 200
const ROUTE_KB = 200
/** The playground with its editor, fetched only there. Set at its first build. */
const PLAYGROUND_KB = 1700
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

/** All chunks reached from `key`; lazily loaded ones too when asked. */
function reach(key, lazily, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  const chunk = manifest[key]
  for (const next of [...(chunk.imports ?? []), ...(lazily ? chunk.dynamicImports ?? [] : [])]) reach(next, lazily, seen)
  return seen
}
const weight = new Map()
const kb = (keys) => {
  let sum = 0
  for (const file of new Set([...keys].map((key) => manifest[key].file))) {
    if (!file.endsWith('.js')) continue
    if (!weight.has(file)) weight.set(file, gzipSync(readFileSync(`dist/${file}`)).length / 1024)
    sum += weight.get(file)
  }
  return sum
}

let over = false
const check = (name, size, limit) => {
  console.log(`${name}: ${size.toFixed(1)} kB gzipped, limit ${limit}`)
  if (size > limit) over = true
}
const entry = reach('index.html', false)
check('entry', kb(entry), ENTRY_KB)
for (const route of manifest['index.html'].dynamicImports ?? []) {
  check(`  ${route.replace('src/app/', '')}`, kb(reach(route, false)) - kb([...reach(route, false)].filter((key) => entry.has(key))), ROUTE_KB)
}
check('playground', kb(reach('playground.html', true)), PLAYGROUND_KB)
const leaked = [...reach('index.html', true)].filter((key) => /monaco|graphiql/.test(manifest[key].file))
if (leaked.length > 0) {
  console.log(`the editor is reachable from the entry: ${leaked.join(', ')}`)
  over = true
}
if (over) process.exit(1)
