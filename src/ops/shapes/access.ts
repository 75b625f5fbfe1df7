import { z } from 'zod'
import type { ApiToken, AuditRecord, OperatorAccount, SessionInfo } from '../../ledger/access.ts'
import { ROLES } from '../../operator.ts'
import { Count, Id, isoTime, Time } from './values.ts'

const RoleName = z.enum(ROLES).meta({ id: 'Role' })

/** A line of the trail. */
export const AuditShape = z
  .strictObject({
    id: Id,
    by: z.string(),
    action: z.string(),
    target: z.record(z.string(), z.union([z.number(), z.string()])),
    reason: z.string().nullable(),
    at: Time,
  })
  .meta({ id: 'AuditLine', description: 'What somebody did, to what, and why.' })
export type AuditJson = z.infer<typeof AuditShape>

export function auditJson({ at, ...line }: AuditRecord): AuditJson {
  return { ...line, at: isoTime(at) }
}

/** A person who may look or act; `seenAt`: of the sessions that are not over. */
export const OperatorShape = z
  .strictObject({
    id: Id,
    name: z.string(),
    role: RoleName,
    createdBy: z.string(),
    sessions: Count,
    createdAt: Time,
    seenAt: Time.nullable(),
  })
  .meta({ id: 'Operator', description: 'A person who may look or act.' })
export type OperatorJson = z.infer<typeof OperatorShape>

export function operatorJson(
  { createdAt, ...operator }: OperatorAccount,
  sessions: readonly SessionInfo[],
): OperatorJson {
  const { sessions: count, seenAt } = lastOf(operator.name, sessions)
  return { ...operator, sessions: count, createdAt: isoTime(createdAt), seenAt: isoTime(seenAt) }
}

/** How many sessions of an operator stand, and when one was used last: epoch milliseconds. */
export function lastOf(name: string, sessions: readonly SessionInfo[]) {
  const own = sessions.filter(({ operator }) => operator === name)
  const seenAt = own.length === 0 ? null : Math.max(...own.map((session) => session.seenAt))
  return { sessions: own.length, seenAt }
}

/** A program's way in, without its secret, which nobody has. */
export const TokenShape = z
  .strictObject({
    id: Id,
    name: z.string(),
    role: RoleName,
    createdBy: z.string(),
    createdAt: Time,
    expiresAt: Time.nullable(),
    usedAt: Time.nullable(),
    revokedAt: Time.nullable(),
  })
  .meta({ id: 'Token', description: 'A program’s way in, without its secret.' })
export type TokenJson = z.infer<typeof TokenShape>

export function tokenJson({ createdAt, expiresAt, usedAt, revokedAt, ...token }: ApiToken): TokenJson {
  return {
    ...token,
    createdAt: isoTime(createdAt),
    expiresAt: isoTime(expiresAt),
    usedAt: isoTime(usedAt),
    revokedAt: isoTime(revokedAt),
  }
}
