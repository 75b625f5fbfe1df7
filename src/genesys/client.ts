import type { Clock } from '../clock.ts'
import { NO_BUDGET } from './answer.ts'
import { type CallOptions, createCall } from './call.ts'
import { createContacts } from './contacts.ts'
import { createConversations } from './conversations.ts'
import type { Genesys } from './genesys.ts'
import { createOrganisation } from './organisation.ts'
import { createSdk } from './sdk.ts'
import { createSending } from './sending.ts'
import { createTokens } from './token.ts'

export type GenesysOptions = CallOptions & {
  /** `mypurecloud.de` */
  region: string
  /** Another host for login and API; plain http on loopback only. */
  gatewayUrl: string | null
  clientId: string
  clientSecret: string
  clock: Clock
  /** How long a request may take; Genesys' SDK has 16 s. */
  timeoutMs?: number
}

/** Genesys Cloud over its SDK, or any other host that speaks the same API. Throws PostriderError where the gateway is not to be trusted. */
export function createGenesys(options: GenesysOptions): Genesys {
  const sdk = createSdk({ timeoutMs: 16_000, ...options })
  const tokens = createTokens(sdk, options, options.clock)
  const call = createCall(sdk, tokens, options)
  return {
    host: sdk.host,
    ...createSending(sdk, call),
    ...createContacts(sdk, call),
    ...createConversations(sdk, call, options.pace),
    ...createOrganisation(sdk, call, options.pace),

    async login() {
      const token = await tokens.current()
      if (token.kind === 'no-token') return token
      const { expiresAt } = token
      return { kind: 'ok', value: { expiresAt }, status: 200, correlationId: null, budget: NO_BUDGET }
    },
  }
}
