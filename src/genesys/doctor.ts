import type { ExternalSource } from '../message.ts'
import type { Answer, Genesys, ListedSource } from './genesys.ts'

export type Finding = {
  name: string
  ok: boolean
  detail: string
  /** What to do about it; null where all is well. */
  todo: string | null
}

/** What of the configuration `checkAccess` looks at. */
export type InUse = {
  /** Of the org, and the sources' own; one that is named twice is looked at once. */
  externalSources: readonly ExternalSource[]
  webmessaging: { deploymentId: string } | null
  email: unknown
}

/**
 * Asks Genesys Cloud, without sending anything, whether what is configured would work: the login, each permission in use by a call that
 * does no harm, the deployment. One finding a line; after a login that fails nothing else is asked.
 */
export async function checkAccess(genesys: Genesys, inUse: InUse): Promise<Finding[]> {
  const login = await genesys.login()
  if (login.kind !== 'ok')
    return [{ name: 'login', ok: false, detail: detailOf(login), todo: loginTodo(login) }]
  const hours = Math.round((login.value.expiresAt - Date.now()) / 3_600_000)
  const findings: Finding[] = [
    {
      name: 'login',
      ok: true,
      detail: `a token that lasts ${hours < 1 ? 'less than an hour' : `${hours} h`}`,
      todo: null,
    },
  ]
  // Nobody has this address: the domain is reserved for that (RFC 2606).
  const lookup = await genesys.findContact({ type: 'Email', value: 'nobody@postrider.invalid' })
  findings.push(finding('find contacts', lookup, 'externalContacts:contact:view'))
  findings.push(...(await checkSources(genesys, inUse.externalSources)))
  if (inUse.webmessaging) {
    findings.push(
      finding('send web messages', await genesys.probe('webmessaging'), 'conversation:message:create'),
    )
    const deployment = await genesys.getDeployment(inUse.webmessaging.deploymentId)
    findings.push(
      deployment.kind === 'ok' && deployment.value === null
        ? {
            name: 'messenger deployment',
            ok: false,
            detail: 'Genesys Cloud knows no deployment with the configured id',
            todo: 'Copy the id from Admin › Message › Messenger Deployments into genesys.webmessaging.deploymentId.',
          }
        : finding('messenger deployment', deployment, 'webDeployments:deployment:view'),
    )
  }
  if (inUse.email) {
    findings.push(
      finding(
        'send emails',
        await genesys.probe('email'),
        'conversation:email:create or conversation:agentlessEmail:send',
      ),
    )
  }
  return findings
}

/** One finding for each external source: whether ids may be looked up in it, and whether the org has it at all. */
async function checkSources(genesys: Genesys, sources: readonly ExternalSource[]): Promise<Finding[]> {
  const distinct = [...new Map(sources.map((source) => [source.id, source])).values()]
  if (distinct.length === 0) return []
  // Of a source that does not exist the look-up says no more than that nobody has the id.
  const listed = await genesys.getExternalSources()
  const findings: Finding[] = []
  for (const externalSource of distinct) {
    const lookup = await genesys.findContact({
      type: 'ExternalId',
      value: 'postrider-doctor',
      externalSource,
    })
    findings.push(lookup.kind === 'ok' ? sourceFinding(externalSource, listed) : lookupFinding(lookup))
  }
  return findings
}

const SOURCES_PAGE = 'Admin › External Contacts › External Sources'

function lookupFinding(lookup: Exclude<Answer<unknown>, { kind: 'ok' }>): Finding {
  const ofTheSource = lookup.kind === 'refused' && lookup.status < 500 && lookup.status !== 403
  return {
    ...finding('external source', lookup, 'externalContacts:contact:view'),
    ...(ofTheSource ? { todo: `Check genesys.externalSource: its id is under ${SOURCES_PAGE}.` } : {}),
  }
}

function sourceFinding({ id }: ExternalSource, listed: Answer<readonly ListedSource[]>): Finding {
  const name = 'external source'
  if (listed.kind === 'refused' && listed.status === 403) {
    return {
      name,
      ok: true,
      detail: `ids may be looked up; that the org has ${id} was not checked`,
      todo: 'To have it checked, add externalContacts:externalSource:view to a role of the OAuth client.',
    }
  }
  if (listed.kind !== 'ok') return finding(name, listed, 'externalContacts:externalSource:view')
  const known = listed.value.find((one) => one.id === id)
  if (known)
    return { name, ok: true, detail: `${known.name}${known.active ? '' : ' (not active)'}`, todo: null }
  const there = listed.value.slice(0, MOST_NAMED).map((one) => `${one.name} ${one.id}`)
  return {
    name,
    ok: false,
    detail: `Genesys Cloud knows no external source with the configured id ${id}`,
    todo: `Copy the id from ${SOURCES_PAGE} into externalSource. The org has ${there.join(', ') || 'none'}.`,
  }
}

/** Enough to recognise the right one. */
const MOST_NAMED = 10

function finding(name: string, answer: Answer<unknown>, permission: string): Finding {
  if (answer.kind === 'ok') return { name, ok: true, detail: okDetail(answer.value), todo: null }
  const forbidden = answer.kind === 'refused' && answer.status === 403
  return {
    name,
    ok: false,
    detail: detailOf(answer),
    todo: forbidden
      ? `Add ${permission} to a role of the OAuth client, in the right division.`
      : 'Check the network, GENESYS_REGION and status.mypurecloud.com; then ask again.',
  }
}

function okDetail(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value && 'status' in value
    ? `${value.name} (${value.status})`
    : 'allowed'
}

function detailOf(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  const status = 'status' in answer && answer.status !== null ? `${answer.status} ` : ''
  return `${status}${answer.code ?? ''} ${answer.message}`.trim()
}

function loginTodo(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  return answer.kind === 'no-token' && answer.status !== null && answer.status < 500
    ? 'Check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that GENESYS_REGION is the org’s; the client’s grant must be Client Credentials.'
    : 'Check the network and GENESYS_REGION.'
}
