import { type Clock, systemClock } from '../clock.ts'
import type { ExternalSource, MessagingChannel } from '../message.ts'
import { NOT_JSON } from './answer.ts'
import { checkIntegrations, type Integrations } from './check-integrations.ts'
import { checkMessenger } from './check-messenger.ts'
import { checkSources } from './check-sources.ts'
import { allowed, detailOf, type Finding, failure, paceTodo, well } from './finding.ts'
import type { Answer, Genesys } from './genesys.ts'

/** What of the configuration `checkAccess` looks at. A channel that is absent or null is not in use. */
export type InUse = Integrations & {
  /** Of the org, and the sources' own; one that is named twice is looked at once. */
  externalSources: readonly ExternalSource[]
  webmessaging?: { deploymentId: string } | null
  sms?: unknown
  email?: unknown
  /** Whether a route asks for an earlier session of its customers. */
  asksForSessions?: boolean
}

/**
 * Asks Genesys Cloud, without sending anything, whether what is configured would work: the login, each permission in use by a call that
 * does no harm, what the channels are sent over. One finding a line; after a login that fails nothing else is asked.
 */
export async function checkAccess(
  genesys: Genesys,
  inUse: InUse,
  clock: Clock = systemClock,
): Promise<Finding[]> {
  const login = await genesys.login()
  if (login.kind !== 'ok') return [failure('login', detailOf(login), loginTodo(login))]
  const hours = Math.round((login.value.expiresAt - clock.now()) / 3_600_000)
  const findings = [well('login', `a token that lasts ${hours < 1 ? 'less than an hour' : `${hours} h`}`)]

  const { webmessaging, externalSources, asksForSessions = false } = inUse
  if (webmessaging || asksForSessions || externalSources.length > 0) {
    findings.push(await checkLookup(genesys), ...(await checkSources(genesys, externalSources)))
  }
  const channels = SENDS.filter(({ channel }) => inUse[channel])
  if (channels.length > 0) {
    // One operation sends them all, and is asked the same for each.
    const probe = await genesys.probe('webmessaging')
    findings.push(...channels.map(({ name }) => allowed(name, probe, 'conversation:message:create')))
  }
  if (webmessaging) {
    findings.push(...(await checkMessenger(genesys, webmessaging.deploymentId, externalSources)))
  }
  findings.push(...(await checkIntegrations(genesys, inUse)))
  if (inUse.email) {
    const permission = 'conversation:email:create or conversation:agentlessEmail:send'
    findings.push(allowed('send emails', await genesys.probe('email'), permission))
  }
  if (channels.length > 0 || inUse.email || asksForSessions) {
    findings.push(await checkConversations(genesys, clock))
  }
  if (channels.length > 0) findings.push(await checkMessages(genesys))
  return findings
}

const SENDS: readonly { channel: MessagingChannel; name: string }[] = [
  { channel: 'webmessaging', name: 'send web messages' },
  { channel: 'open', name: 'send open messages' },
  { channel: 'sms', name: 'send sms' },
  { channel: 'whatsapp', name: 'send whatsapp messages' },
]

async function checkLookup(genesys: Genesys): Promise<Finding> {
  // Nobody has this address: the domain is reserved for that (RFC 2606).
  const answer = await genesys.findContact({ type: 'Email', value: 'nobody@postrider.invalid' })
  return allowed('find contacts', answer, 'externalContacts:contact:view')
}

/** An id that nothing has. */
const NOTHING = '00000000-0000-0000-0000-000000000000'

/** Sessions are found with it, and what an unconfirmed attempt may have made. */
async function checkConversations(genesys: Genesys, clock: Clock): Promise<Finding> {
  const answer = await genesys.findConversations({
    of: { contactIds: [NOTHING] },
    mediaType: 'message',
    messageType: 'webmessaging',
    from: clock.now() - 3_600_000,
    to: clock.now(),
    page: 1,
    pageSize: 1,
  })
  return allowed('find conversations', answer, 'analytics:conversationDetail:view')
}

/** What became of a message is read with it, and the texts of an unconfirmed attempt's conversations. */
async function checkMessages(genesys: Genesys): Promise<Finding> {
  const answer = await genesys.getDelivery(NOTHING)
  const name = 'read messages'
  // That it finds fault with the id says that it may be asked.
  if (answer.kind === 'refused' && answer.status === 400 && answer.code !== NOT_JSON)
    return well(name, 'allowed')
  return allowed(name, answer, 'conversation:message:view')
}

function loginTodo(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  const pace = paceTodo(answer)
  if (pace !== null) return pace
  return answer.kind === 'no-token' && answer.status !== null && answer.status < 500
    ? 'Check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that GENESYS_REGION is the org’s; the client’s grant must be Client Credentials.'
    : 'Check the network and GENESYS_REGION.'
}
