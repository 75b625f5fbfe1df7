import { createHash } from 'node:crypto'
import type { Ledger } from '../../ledger/ledger.ts'
import { hashOf } from '../access/secrets.ts'
import type { Fields } from './page.ts'

/** What came of it: the path of the page that shows it, or why it was not done. */
export type Led = { kind: 'done'; path: string } | { kind: 'missing' | 'refused' | 'shown'; reason: string }

/**
 * Does what a form asks for once, however often it is posted: a second click, and a browser that sends again what was not answered, come to the page of the first. `key`: the one that the form was shown
 * with. Where nothing was done the key is given back.
 */
export async function once(
  ledger: Pick<Ledger, 'beginKey' | 'endKey' | 'releaseKey'>,
  asked: { what: string; by: string; fields: Fields },
  act: () => Promise<Led>,
): Promise<Led> {
  const { what, by, fields } = asked
  if (fields.key === undefined)
    return { kind: 'refused', reason: 'Nothing was done: open the page anew and do it there.' }
  const hash = hashOf(['console', what, by, fields.key].join('\0'))
  const taken = await ledger.beginKey(hash, digestOf(fields))
  if (taken.kind === 'done') return { kind: 'done', path: taken.answer.body }
  if (taken.kind !== 'new') {
    return {
      kind: 'refused',
      reason:
        'This was asked for a moment ago and is being done, or was when the service stopped. See what became of it before you do it again.',
    }
  }
  const led = await act()
  if (led.kind === 'done') await ledger.endKey(hash, { status: 303, body: led.path })
  else await ledger.releaseKey(hash)
  return led
}

function digestOf(fields: Fields): string {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
