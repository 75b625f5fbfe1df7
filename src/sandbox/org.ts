import type { Clock } from '../clock.ts'
import { type Conversations, createConversations, type SandboxMessage } from './conversations.ts'
import type { Delivery } from './delivery.ts'
import { createDirectory, DEPLOYMENT, type Directory, EXTERNAL_SOURCE, SMS_NUMBER } from './directory.ts'
import { EXAMPLE_INTEGRATIONS, type SandboxIntegration } from './integrations.ts'
import { DEFAULT_SETTINGS, type Settings } from './settings.ts'

export type OrgOptions = {
  clock: Clock
  /** Asked for identifiers that the example contacts do not have. */
  resolveContact?: (identifier: { type: string; value: string }) => { id: string } | null
  /** Known beside the example's own; where there are any, sessions of which nobody says more are of the first. */
  deployments?: readonly string[]
  externalSources?: readonly { id: string; name: string }[]
  integrations?: readonly SandboxIntegration[]
  /** Numbers that text messages may come from. */
  smsNumbers?: readonly string[]
  /** Domains that emails may come from. */
  emailDomains?: readonly string[] | 'any'
  /** Whether guests of the deployments are matched to contacts, and by which external source; the first of the org, unless said. */
  identityResolution?: { resolveIdentities: boolean; externalSourceId: string | null }
  /** What became of a message, asked each time that somebody looks; null: it was sent. What was set for the message itself comes first. */
  delivery?: (message: SandboxMessage) => Delivery | null
} & Partial<Omit<Settings, 'rateLimitPerMinute'>>

export type Org = {
  clock: Clock
  directory: Directory
  deployments: ReadonlySet<string>
  /** The one that sessions are of where nobody says more. */
  deployment: string
  /** Names by id. */
  externalSources: ReadonlyMap<string, string>
  integrations: ReadonlyMap<string, SandboxIntegration>
  smsNumbers: ReadonlySet<string>
  emailDomains: ReadonlySet<string> | 'any'
  identityResolution: { resolveIdentities: boolean; externalSourceId: string | null }
  settings: Settings
  delivery: (message: SandboxMessage) => Delivery | null
  conversations: Conversations
  /** All that was said, also by others. */
  messagesById: Map<string, SandboxMessage>
  accepted: {
    /** Oldest first. */
    messages: SandboxMessage[]
    /** How many were accepted, whatever became of the list above; in all, and by contact or address. */
    count: number
    byCustomer: Map<string, number>
  }
  /** Agentless messages of the day, in days of UTC since 1970. */
  today: { day: number; messages: number }
}

export function createOrg(options: OrgOptions, rateLimitPerMinute: number | null): Org {
  const { clock, deployments = [], externalSources = [], integrations = [], smsNumbers = [] } = options
  const { emailDomains = 'any' } = options
  const { dailyLimit, analyticsLagMs, threadingMs } = { ...DEFAULT_SETTINGS, ...options }
  return {
    clock,
    directory: createDirectory(options.resolveContact ?? (() => null)),
    deployments: new Set([DEPLOYMENT, ...deployments]),
    deployment: deployments[0] ?? DEPLOYMENT,
    externalSources: new Map([EXTERNAL_SOURCE, ...externalSources].map(({ id, name }) => [id, name])),
    integrations: new Map([...EXAMPLE_INTEGRATIONS, ...integrations].map((one) => [one.id, one])),
    smsNumbers: new Set([SMS_NUMBER, ...smsNumbers]),
    emailDomains: emailDomains === 'any' ? 'any' : new Set(emailDomains),
    identityResolution: options.identityResolution ?? {
      resolveIdentities: true,
      externalSourceId: externalSources[0]?.id ?? EXTERNAL_SOURCE.id,
    },
    settings: { rateLimitPerMinute, dailyLimit, analyticsLagMs, threadingMs },
    delivery: options.delivery ?? (() => null),
    conversations: createConversations(),
    messagesById: new Map(),
    accepted: { messages: [], count: 0, byCustomer: new Map() },
    today: { day: 0, messages: 0 },
  }
}
