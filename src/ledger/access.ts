import type { Operator, Role } from '../operator.ts'

/** Who may look and act, as the ledger keeps it. Hashes are SHA-256 in hexadecimal; times are epoch milliseconds. */

export type OperatorAccount = {
  id: number
  name: string
  role: Role
  createdAt: number
  createdBy: string
}
/** `password`: as `ops/access/password.ts` writes it. For whoever compares it, and for nothing that is shown. */
export type Credentials = { id: number; name: string; role: Role; password: string }

export type SessionInfo = { operator: string; createdAt: number; seenAt: number; expiresAt: number }

export type ApiToken = {
  id: number
  name: string
  role: Role
  createdAt: number
  createdBy: string
  /** Null: never. */
  expiresAt: number | null
  usedAt: number | null
  revokedAt: number | null
}

/** A line of the trail. `target`: ids, names from the configuration, counts. */
export type AuditRecord = {
  id: number
  at: number
  by: string
  action: string
  target: Readonly<Record<string, number | string>>
  reason: string | null
}

/** `before`: only lines with a smaller id, for the next page. */
export type AuditFilter = { before?: number; by?: string; action?: string; limit: number }

/** What a login counts under, and how many may fail before the next one has to wait. */
export type LoginKey = { hash: string; free: number }

/** What changes who may look and act. All of it is in the trail, with `by`. */
export type Access = {
  /** One who was removed may come back. Refused where somebody has the name. */
  addOperator(
    account: { name: string; role: Role; password: string },
    by: string,
  ): Promise<{ kind: 'added'; operator: OperatorAccount } | { kind: 'refused'; reason: string }>
  /** A new password ends the sessions; a new role holds at once. False: there is no such operator. */
  changeOperator(name: string, change: { password?: string; role?: Role }, by: string): Promise<boolean>
  /** Ends the sessions. False: there is no such operator. */
  removeOperator(name: string, by: string): Promise<boolean>
  /** Ends the sessions of one operator; answers how many. */
  endSessions(name: string, by: string): Promise<number>

  /**
   * Counts a login before its password is looked at, so that of many at once each is counted: 0, or how many milliseconds it must wait, and then nothing is counted. What
   * failed long ago is forgotten. Not forced to disk.
   */
  countLogin(keys: readonly LoginKey[]): Promise<number>
  /** Writes into the trail that a login failed; `operatorId` null: of nobody whom there is. */
  loginFailed(operatorId: number | null): Promise<void>
  /**
   * Opens a session that ends after `forMs`, and takes back what the login counted under `keys`: of the first all, of the others this one. False: the operator was removed, or
   * has another password by now.
   */
  openSession(request: {
    operator: Pick<Credentials, 'id' | 'password'>
    hash: string
    forMs: number
    keys: readonly LoginKey[]
  }): Promise<boolean>
  /** False: it was over. */
  endSession(hash: string): Promise<boolean>
  /** Whose session it is; null: it is over, or was not used for `idleMs`. Notes its use, once a minute at most, where it is one. */
  seeSession(hash: string, idleMs: number, isUse: boolean): Promise<Operator | null>

  /** `forMs` null: for good. Refused where a standing token has the name. */
  addToken(
    token: { name: string; hash: string; role: Role; forMs: number | null },
    by: string,
  ): Promise<{ kind: 'added'; token: ApiToken } | { kind: 'refused'; reason: string }>
  /** False: there is none that stands. */
  revokeToken(id: number, by: string): Promise<boolean>
  /** Who has this token; null: nobody any more. Notes its use, once a minute at most. */
  seeToken(hash: string): Promise<Operator | null>
}

export type AccessReads = {
  /** By name. */
  operators(): Promise<OperatorAccount[]>
  /** Of one who was not removed. */
  credentials(name: string): Promise<Credentials | null>
  /** That are not over; newest first. */
  sessions(): Promise<SessionInfo[]>
  /** Newest first, with those that are over. */
  tokens(): Promise<ApiToken[]>
  /** Newest first. */
  audit(filter: AuditFilter): Promise<AuditRecord[]>
}
