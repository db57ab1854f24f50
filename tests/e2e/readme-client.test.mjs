// The README's typed client, as it is printed there: generated, compiled and run against the server, with a token of its own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const { WINTEHR_URL: url, WINTEHR_BIN: wintehr, WINTEHR_DATA: data } = process.env
assert.ok(url && wintehr && data, 'WINTEHR_URL, WINTEHR_BIN and WINTEHR_DATA name the server, the program and its data')
const root = resolve('../..')
const folder = mkdtempSync(join(tmpdir(), 'wintehr-client-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const run = (program, args, env = {}) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } })
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}\n${stdout}`)
  return stdout
}

const readme = readFileSync(join(root, 'README.md'), 'utf8')
/** The file of that name, as it is printed. */
const printed = (name) => {
  const found = readme.match(new RegExp(`\`${name}\`:\\n\\n\`\`\`ts\\n([^]*?)\`\`\``))
  assert.ok(found, `the README prints ${name}`)
  return found[1]
}
const steps = readme.match(/```sh\n(npm init[^]*?)```/)[1].trim().split('\n')
/** The step that begins so, as its program in the folder of the pages, which has the same packages, and its arguments. */
const step = (begin) => {
  const line = steps.find((one) => one.startsWith(begin))
  assert.ok(line, `the README prints ${begin}`)
  const [, program, ...args] = line.split(' ')
  return [join(folder, 'node_modules/.bin', program), args]
}

test('the printed client compiles and says what it was answered', () => {
  copyFileSync(join(root, 'schema/schema.graphql'), join(folder, 'schema.graphql'))
  symlinkSync(join(root, 'frontend/node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'codegen.ts'), printed('codegen.ts'))
  writeFileSync(join(folder, 'client.ts'), printed('client.ts').replace('http://127.0.0.1:8080', url))
  run(...step('npx graphql-codegen'))
  run(...step('npx tsc'))
  run(wintehr, ['account', 'client-example', '--data-dir', data])
  const token = run(wintehr, ['token', 'create', '--user', 'client-example', '--scope', 'system/*.cruds', '--data-dir', data]).trim()
  const first = run('node', ['client.js'], { TOKEN: token })
  const [, id] = first.match(/recorded (FamilyMemberHistory\/\S+)/) ?? assert.fail(first)
  assert.equal(first.split('\n').filter((line) => line.includes('[')).length, 2, first)
  // The key has it done once.
  assert.match(run('node', ['client.js'], { TOKEN: token }), new RegExp(`recorded ${id}`))
  // A field that is not there does not compile.
  writeFileSync(join(folder, 'client.ts'), printed('client.ts').replace('problem.code?.text', 'problem.shoe'))
  const [program, args] = step('npx tsc')
  const wrong = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  assert.match(wrong.stdout, /Property 'shoe' does not exist/)
})
