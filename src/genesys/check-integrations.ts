import { type Finding, failure, notChecked, well } from './finding.ts'
import type { Answer, Genesys, ListedIntegration } from './genesys.ts'

export type Integrations = Partial<Record<'open' | 'whatsapp', { integrationId: string } | null>>

/** One finding for each integration that messages are sent over: whether it exists, is of the right type and runs. */
export async function checkIntegrations(genesys: Genesys, configured: Integrations): Promise<Finding[]> {
  const ids = (['open', 'whatsapp'] as const).flatMap((channel) => {
    const id = configured[channel]?.integrationId
    return id === undefined ? [] : [{ channel, id }]
  })
  if (ids.length === 0) return []
  const listed = await genesys.getIntegrations()
  return ids.map(({ channel, id }) => integrationFinding(channel, id, listed))
}

const INTEGRATIONS_PAGE = 'Admin › Message › Platforms'

function integrationFinding(
  channel: 'open' | 'whatsapp',
  id: string,
  listed: Answer<readonly ListedIntegration[]>,
): Finding {
  const name = `${channel} integration`
  const copy = (there: readonly ListedIntegration[]) => {
    const some = there.slice(0, MOST_NAMED).map((one) => `${one.name} ${one.id}`)
    return `Copy the id from ${INTEGRATIONS_PAGE} into genesys.${channel}.integrationId. Of type ${channel} there is ${some.join(', ') || 'none'}.`
  }
  if (listed.kind !== 'ok') return notChecked(name, listed, `that ${id} exists`, 'messaging:integration:view')
  const ofType = listed.value.filter(({ messengerType }) => messengerType === channel)
  const integration = listed.value.find((one) => one.id === id)
  if (!integration) return failure(name, `Genesys Cloud knows no integration ${id}`, copy(ofType))
  const { messengerType, status } = integration
  if (messengerType !== channel) {
    return failure(name, `${integration.name} is of type ${messengerType}`, copy(ofType))
  }
  const detail = `${integration.name} (${status})`
  return status === 'Active' || status === 'unknown'
    ? well(name, detail)
    : failure(name, detail, `Nothing can be sent over it. See ${INTEGRATIONS_PAGE}.`)
}

/** Enough to recognise the right one. */
const MOST_NAMED = 10
