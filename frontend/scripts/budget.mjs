// Weighs what the first page loads: the entry and its static imports, gzipped. Fails above the limit.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 200
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))
const weigh = (key, seen = new Set()) => {
  if (seen.has(key)) return 0
  seen.add(key)
  const chunk = manifest[key]
  const own = gzipSync(readFileSync(`dist/${chunk.file}`)).length
  return own + (chunk.imports ?? []).reduce((sum, next) => sum + weigh(next, seen), 0)
}
const kb = weigh('index.html') / 1024
console.log(`entry: ${kb.toFixed(1)} kB gzipped, limit ${LIMIT_KB}`)
if (kb > LIMIT_KB) process.exit(1)
