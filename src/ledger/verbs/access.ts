import { createLogins } from './access-logins.ts'
import { createOperatorAccounts } from './access-operators.ts'
import { createSessions } from './access-sessions.ts'
import { createTokens } from './access-tokens.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'

/** Who may look and act. */
export function createAccess(store: Store, audit: Audit) {
  const logins = createLogins(store, audit)
  return {
    accounts: createOperatorAccounts(store, audit),
    sessions: createSessions(store, audit, logins),
    tokens: createTokens(store, audit),
    logins,
  }
}
