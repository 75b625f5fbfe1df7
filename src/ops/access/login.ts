import { isIPv6 } from 'node:net'
import type { LoginKey } from '../../ledger/access.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { operatorName } from '../../operator.ts'
import { SESSION_MS } from './cookie.ts'
import { LONGEST_PASSWORD, type Passwords } from './password.ts'
import { hashOf, newSession } from './secrets.ts'

export type LoginDeps = {
  ledger: Pick<Ledger, 'countLogin' | 'loginFailed' | 'openSession'> & {
    reads: Pick<Ledger['reads'], 'credentials'>
  }
  passwords: Passwords
}

export type LoggedIn =
  | { kind: 'open'; session: string }
  | { kind: 'wrong' }
  /** Nothing was looked at. */
  | { kind: 'wait'; ms: number }

/** Typing errors of one person, and of an office behind one address. */
const FREE = { person: 5, address: 50 }
/** How long one is asked to wait where passwords are looked at without pause: some 3 s of them are waiting then. */
const BUSY_MS = 5_000

/** Opens a session where name and password are right. Whether there is the name shows neither in the answer nor in the work. */
export async function logIn(
  { name: typed, password, address }: { name: string; password: string; address: string },
  { ledger, passwords }: LoginDeps,
): Promise<LoggedIn> {
  if (passwords.full()) return { kind: 'wait', ms: BUSY_MS }
  const name = operatorName(typed) ?? ''
  const keys = loginKeys(name, address)
  const ms = await ledger.countLogin(keys)
  if (ms > 0) return { kind: 'wait', ms }
  const known = await ledger.reads.credentials(name)
  if (passwords.full()) return { kind: 'wait', ms: BUSY_MS }
  const matches = await passwords.matches(password.slice(0, LONGEST_PASSWORD + 1), known?.password ?? null)
  const session = newSession()
  const request = { hash: hashOf(session), forMs: SESSION_MS, keys }
  if (matches && known && (await ledger.openSession({ operator: known, ...request }))) {
    return { kind: 'open', session }
  }
  await ledger.loginFailed(known?.id ?? null)
  return { kind: 'wrong' }
}

/** Hashed, so that the ledger holds neither what was typed nor from where. */
function loginKeys(name: string, address: string): LoginKey[] {
  const from = networkOf(address)
  return [
    { hash: hashOf(`person\0${name}\0${from}`), free: FREE.person },
    { hash: hashOf(`address\0${from}`), free: FREE.address },
  ]
}

/** Of IPv6 one line has 2^64 addresses, which all begin alike. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address.replace(/^::ffff:/i, '')
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - last.length
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...last]
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
