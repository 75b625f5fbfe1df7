import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { operatorName, type Role } from '../operator.ts'
import { hashOf, newToken } from '../ops/access/secrets.ts'
import { tokenJson } from '../ops/shapes/access.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'

/** Prints the token alone on `out`, for whoever catches it in a variable; what it is stands on `err`. */
export async function addToken(
  ledger: Ledger,
  { name: text, role, forMs, by }: { name: string; role: Role; forMs: number | null; by: string },
  terminal: Terminal,
): Promise<void> {
  const name = operatorName(text)
  if (name === null) {
    throw new PostriderError(
      'USAGE',
      'A token’s name has up to 32 letters, digits, dots, hyphens and underscores.',
    )
  }
  const secret = newToken()
  const added = await ledger.addToken({ name, hash: hashOf(secret), role, forMs }, by)
  if (added.kind === 'refused') throw new PostriderError('REFUSED', added.reason)
  const end = added.token.expiresAt === null ? 'has no end' : `ends ${localTime(added.token.expiresAt)}`
  terminal.err.write(
    `Token ${added.token.id}, ${name}, ${role}, ${end}. It is shown this once; send it as Authorization: Bearer …\n`,
  )
  print(terminal, secret)
}

export async function listTokens(ledger: Ledger, json: boolean, terminal: Terminal): Promise<void> {
  const tokens = await ledger.reads.tokens()
  if (json) return printJson(terminal, tokens.map(tokenJson))
  printTable(
    terminal,
    ['ID', 'NAME', 'ROLE', 'SINCE', 'BY', 'ENDS', 'USED', 'REMOVED'],
    tokens.map((token) => [
      token.id,
      token.name,
      token.role,
      localTime(token.createdAt),
      token.createdBy,
      token.expiresAt === null ? 'never' : localTime(token.expiresAt),
      localTime(token.usedAt),
      localTime(token.revokedAt),
    ]),
    'There are no tokens.',
  )
}

export async function removeToken(ledger: Ledger, id: number, by: string, terminal: Terminal) {
  if (!(await ledger.revokeToken(id, by)))
    throw new PostriderError('NOT_FOUND', `There is no token ${id} that stands: postrider tokens list`)
  print(terminal, `Token ${id} removed.`)
}
