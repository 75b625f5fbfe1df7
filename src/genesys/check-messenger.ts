import type { ExternalSource } from '../message.ts'
import { type Finding, failure, notChecked, warning, well } from './finding.ts'
import type { Genesys } from './genesys.ts'

/** The deployment of the messenger: whether it is there and in use, and whether it turns guests into the contacts that Postrider writes to. */
export async function checkMessenger(
  genesys: Genesys,
  deploymentId: string,
  externalSources: readonly ExternalSource[],
): Promise<Finding[]> {
  const deployment = await deploymentFinding(genesys, deploymentId)
  if (deployment.level === 'fail') return [deployment]
  return [deployment, await guestsFinding(genesys, deploymentId, externalSources)]
}

const DEPLOYMENTS_PAGE = 'Admin › Message › Messenger Deployments'
const DEPLOYMENT_VIEW = 'webDeployments:deployment:view'

async function deploymentFinding(genesys: Genesys, id: string): Promise<Finding> {
  const name = 'messenger deployment'
  const answer = await genesys.getDeployment(id)
  const isNone = answer.kind === 'ok' ? answer.value === null : answer.code === 'NOT_ASKED'
  if (isNone) {
    return failure(
      name,
      'Genesys Cloud knows no deployment with the configured id',
      `Copy the id from ${DEPLOYMENTS_PAGE} into genesys.webmessaging.deploymentId.`,
    )
  }
  if (answer.kind !== 'ok') return notChecked(name, answer, 'that it exists', DEPLOYMENT_VIEW)
  const detail = `${answer.value?.name} (${answer.value?.status})`
  switch (answer.value?.status) {
    case 'Active':
      return well(name, detail)
    case 'Inactive':
    case 'Error':
    case 'Deleting':
      return failure(
        name,
        detail,
        `Nobody can write or read over it. Activate it under ${DEPLOYMENTS_PAGE}, or configure another.`,
      )
    default:
      return warning(name, detail, `It should be Active: see ${DEPLOYMENTS_PAGE}.`)
  }
}

/** Only a warning: contacts may be found by an email or a phone number that guests give. */
async function guestsFinding(
  genesys: Genesys,
  deploymentId: string,
  externalSources: readonly ExternalSource[],
): Promise<Finding> {
  const name = 'guests become contacts'
  const answer = await genesys.getIdentityResolution(deploymentId)
  if (answer.kind !== 'ok') {
    const permission = 'webDeployments:identityResolution:view'
    return notChecked(name, answer, 'identity resolution of the deployment', permission)
  }
  const configured = externalSources.map(({ id, name: called }) => `${called} ${id}`).join(', ')
  if (!answer.value?.resolves) {
    return warning(
      name,
      'identity resolution of the deployment is off: who signs in to the messenger does not become the contact that the look-up finds',
      `Turn it on for the deployment${configured === '' ? '' : `, with the external source ${configured}`}.`,
    )
  }
  const { externalSourceId } = answer.value
  if (externalSources.length === 0) return well(name, 'identity resolution is on')
  const source = externalSources.find(({ id }) => id === externalSourceId)
  if (source) return well(name, `identity resolution is on, by the external source ${source.name}`)
  return warning(
    name,
    `identity resolution is on, by ${externalSourceId === null ? 'no external source' : `the external source ${externalSourceId}`}; externalIds are looked up in ${configured}`,
    'Use one external source for both: in identity resolution of the deployment, and as externalSource in the configuration.',
  )
}
