import { createHash } from 'node:crypto'
import type { Ledger } from '../../ledger/ledger.ts'
import { hashOf } from '../access/secrets.ts'
import type { Fields } from './page.ts'

/** What came of it: the path of the page that shows it, or why it was not done. */
export type Led = { kind: 'done'; path: string } | { kind: 'missing' | 'refused'; reason: string }

/** What a form asks for. `key`, among the fields: the one that the form was shown with. */
export type AskedOnce = { what: string; by: string; fields: Fields }

/** Forms of this process that are being done, by their key; as many as there are requests under way. */
const underWay = new Map<string, Promise<Led>>()

/**
 * Does what a form asks for once, however often it is posted: a second click, and a browser that sends again what was not answered, come to the page of the first, for which they wait. Where nothing
 * was done the key is given back.
 */
export async function once(
  ledger: Pick<Ledger, 'beginKey' | 'endKey' | 'releaseKey'>,
  { what, by, fields }: AskedOnce,
  act: () => Promise<Led>,
): Promise<Led> {
  if (fields.key === undefined) return refused('Nothing was done: open the page anew and do it there.')
  const hash = hashOf(['console', what, by, fields.key].join('\0'))
  const taken = await ledger.beginKey(hash, digestOf(fields))
  switch (taken.kind) {
    case 'done':
      return { kind: 'done', path: taken.answer.body }
    case 'other':
      return refused(
        'The same form asked for something else before. Nothing was done now: open the page anew.',
      )
    case 'open':
      return underWay.get(hash) ?? refused(UNKNOWN)
  }
  const doing = act().then(async (led) => {
    if (led.kind === 'done') await ledger.endKey(hash, { status: 303, body: led.path })
    else await ledger.releaseKey(hash)
    return led
  })
  underWay.set(hash, doing)
  return doing.finally(() => underWay.delete(hash))
}

const UNKNOWN =
  'This was asked for before, and the service stopped while it was done: whether it was done is not known. See what became of it (Messages, Runs) before you do it again.'

function refused(reason: string): Led {
  return { kind: 'refused', reason }
}

function digestOf(fields: Fields): string {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
