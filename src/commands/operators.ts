import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { operatorName, type Role } from '../operator.ts'
import { createPasswords } from '../ops/access/password.ts'
import { lastOf, operatorJson } from '../ops/shapes/access.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { type PasswordOptions, passwordFrom } from './password.ts'
import type { Input } from './send-ask.ts'

export type Asked = { options: PasswordOptions; input: Input; terminal: Terminal }

/** `role`: of a new operator. The password is asked for before anything is opened. */
export async function addOperator(
  withLedger: <T>(work: (ledger: Ledger) => Promise<T>) => Promise<T>,
  account: { name: string; role: Role; by: string },
  { options, input, terminal }: Asked,
): Promise<void> {
  const name = nameFrom(account.name)
  const { password, isNew } = await passwordFrom(options, input, terminal)
  const hashed = await createPasswords().hash(password)
  await withLedger(async (ledger) => {
    const added = await ledger.addOperator({ name, role: account.role, password: hashed }, account.by)
    if (added.kind === 'refused') throw new PostriderError('REFUSED', added.reason)
    print(terminal, `Operator ${name} added, ${account.role}.`)
    if (isNew) print(terminal, `Password: ${password}`)
  })
}

export async function setPassword(
  withLedger: <T>(work: (ledger: Ledger) => Promise<T>) => Promise<T>,
  account: { name: string; by: string },
  { options, input, terminal }: Asked,
): Promise<void> {
  const name = nameFrom(account.name)
  const { password, isNew } = await passwordFrom(options, input, terminal)
  const hashed = await createPasswords().hash(password)
  await withLedger(async (ledger) => {
    assertThere(await ledger.changeOperator(name, { password: hashed }, account.by), name)
    print(terminal, `Operator ${name} has another password. Whoever was logged in as ${name} is logged out.`)
    if (isNew) print(terminal, `Password: ${password}`)
  })
}

export async function setRole(
  ledger: Ledger,
  { name: text, role, by }: { name: string; role: Role; by: string },
  terminal: Terminal,
): Promise<void> {
  const name = nameFrom(text)
  assertThere(await ledger.changeOperator(name, { role }, by), name)
  print(terminal, `Operator ${name} is ${role} now.`)
}

export async function removeOperator(ledger: Ledger, text: string, by: string, terminal: Terminal) {
  const name = nameFrom(text)
  assertThere(await ledger.removeOperator(name, by), name)
  print(terminal, `Operator ${name} removed. The trail keeps the name.`)
}

export async function logOut(ledger: Ledger, text: string, by: string, terminal: Terminal) {
  const name = nameFrom(text)
  assertThere((await ledger.reads.credentials(name)) !== null, name)
  const ended = await ledger.endSessions(name, by)
  print(terminal, `${ended} session${ended === 1 ? '' : 's'} of ${name} ended.`)
}

export async function listOperators(ledger: Ledger, json: boolean, terminal: Terminal): Promise<void> {
  const [operators, sessions] = await Promise.all([ledger.reads.operators(), ledger.reads.sessions()])
  if (json)
    return printJson(
      terminal,
      operators.map((operator) => operatorJson(operator, sessions)),
    )
  const all = operators.map((operator) => ({ ...operator, ...lastOf(operator.name, sessions) }))
  printTable(
    terminal,
    ['NAME', 'ROLE', 'SINCE', 'BY', 'SESSIONS', 'SEEN'],
    all.map(({ name, role, createdAt, createdBy, sessions: count, seenAt }) => [
      name,
      role,
      localTime(createdAt),
      createdBy,
      count,
      localTime(seenAt),
    ]),
    'There is no operator: postrider operators add NAME --role admin',
  )
}

function nameFrom(text: string): string {
  const name = operatorName(text)
  if (name !== null) return name
  throw new PostriderError(
    'USAGE',
    'An operator’s name has up to 32 letters, digits, dots, hyphens and underscores, and is none that Postrider uses itself.',
  )
}

function assertThere(isThere: boolean, name: string): void {
  if (!isThere)
    throw new PostriderError('NOT_FOUND', `There is no operator ${name}: postrider operators list`)
}
