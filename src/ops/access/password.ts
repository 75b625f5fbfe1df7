import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** log2 of N, r and p of scrypt. */
export type Cost = { ln: number; r: number; p: number }

/** 32 MiB and some 0.2 s: the third of OWASP's equivalent settings (Password Storage Cheat Sheet), the memory of which a small container has to spare. */
const COST: Cost = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Of node's four threads for work, which name look-ups and files need too, passwords never take more than one. */
const AT_ONCE = 1
/** Who comes behind these would wait for seconds. */
const MOST_WAITING = 16

export const SHORTEST_PASSWORD = 12
/** Longer than anybody types; what is hashed must end somewhere. */
export const LONGEST_PASSWORD = 256

export type Passwords = {
  /** What the ledger keeps of it: `$scrypt$ln=15,r=8,p=3$salt$hash`. Rejects where too many wait, as `matches` does. */
  hash(password: string): Promise<string>
  /** Whether it is the password. `stored` null: of nobody, which takes as long and is false. */
  matches(password: string, stored: string | null): Promise<boolean>
  /** Whether so many wait that the next would be refused. */
  full(): boolean
}

/** `cost`: of what is hashed from now on; what was hashed before says its own. */
export function createPasswords({ cost = COST, mostWaiting = MOST_WAITING } = {}): Passwords {
  const turn = turns(AT_ONCE, mostWaiting)
  const derive = (password: string, salt: Buffer, by: Cost) =>
    // The same letters, however a keyboard puts them together.
    turn.take(() => scrypted(password.normalize('NFC'), salt, HASH_BYTES, optionsOf(by)) as Promise<Buffer>)
  const nobody: Parsed = { cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const hash = await derive(password, salt, cost)
      return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${hash.toString('base64')}`
    },
    async matches(password, stored) {
      const parsed = stored === null ? null : parse(stored)
      const { salt, hash, cost: its } = parsed ?? nobody
      const derived = await derive(password, salt, its)
      return timingSafeEqual(derived, hash) && parsed !== null
    },
    full: () => turn.full(),
  }
}

/** Why it cannot be a password; null where it can. Only its length is looked at: rules about letters make passwords that are written down. */
export function passwordFault(password: string): string | null {
  const { length } = [...password]
  if (length < SHORTEST_PASSWORD) return `A password has at least ${SHORTEST_PASSWORD} characters.`
  if (length > LONGEST_PASSWORD) return `A password has at most ${LONGEST_PASSWORD} characters.`
  return null
}

const scrypted = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

function optionsOf({ ln, r, p }: Cost): ScryptOptions {
  const N = 2 ** ln
  // What it needs, and node's own limit is less: 128 · N · r, and some for each p.
  return { N, r, p, maxmem: 128 * r * (N + p + 2) }
}

type Parsed = { cost: Cost; salt: Buffer; hash: Buffer }

const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+=*)\$([\w+/]+=*)$/

function parse(stored: string): Parsed | null {
  const [, ln, r, p, salt = '', hash = ''] = STORED.exec(stored) ?? []
  const bytes = Buffer.from(hash, 'base64')
  if (bytes.length !== HASH_BYTES) return null
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  return { cost, salt: Buffer.from(salt, 'base64'), hash: bytes }
}

/** Lets `most` work at a time; the others wait in order. */
function turns(most: number, mostWaiting: number) {
  const waiting: (() => void)[] = []
  let working = 0
  return {
    full: () => working >= most && waiting.length >= mostWaiting,
    async take<T>(work: () => Promise<T>): Promise<T> {
      if (working >= most) {
        if (waiting.length >= mostWaiting) throw new Error('too many passwords wait to be looked at')
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else working += 1
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        // Whoever is next takes the place, which is not free in between.
        if (next) next()
        else working -= 1
      }
    },
  }
}
