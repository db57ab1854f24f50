import { expect, it } from 'vitest'
import { markCopied, passagesOf } from './copied'

const own = (text: string) => ({ kind: 'own', text })
const copied = (from: string, ended: boolean, ...passages: object[]) => ({ kind: 'copied', from, ended, passages })

it.each([
  ['text without marks', 'Slept well.\n\nEats.', [own('Slept well.\n\nEats.')]],
  ['own words around copied ones', `Today:\n${markCopied('Progress note, 12-Oct-2026, Dr Lee', 'Slept badly.')}\nBetter.`, [own('Today:'), copied('Progress note, 12-Oct-2026, Dr Lee', true, own('Slept badly.')), own('Better.')]],
  ['what was copied with what it had copied', markCopied('B', `${markCopied('A', 'old')}\nnew`), [copied('B', true, copied('A', true, own('old')), own('new'))]],
  ['a mark that was indented by hand', '  [Copied from A]\nold\n [end of copied text] ', [copied('A', true, own('old'))]],
  ['an end that was deleted', '[Copied from A]\nold\nmine', [copied('A', false, own('old\nmine'))]],
  ['an older note', 'Copied from Progress note, Dr Lee:\nold', [copied('Progress note, Dr Lee', false, own('old'))]],
  ['an end without a beginning', 'mine\n[End of copied text]', [own('mine\n[End of copied text]')]],
])('reads %s', (_, text, passages) => expect(passagesOf(text)).toEqual(passages))
