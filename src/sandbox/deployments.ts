import { notFound } from './errors.ts'
import type { Org } from './org.ts'

const PATH = '/api/v2/webdeployments/deployments'

/** `GET /api/v2/webdeployments/deployments/{deploymentId}`. */
export function getDeployment(org: Org, id: string) {
  if (!org.deployments.has(id)) throw notFound('deployment')
  const configuration = { id: 'sandbox-configuration', version: '1' }
  return { id, name: 'Sandbox messenger', status: 'Active', allowAllDomains: true, configuration }
}

/** `GET /api/v2/webdeployments/deployments/{deploymentId}/identityresolution`. */
export function getIdentityResolution(org: Org, id: string) {
  if (!org.deployments.has(id)) throw notFound('deployment')
  const { resolveIdentities, externalSourceId } = org.identityResolution
  const externalSource = {
    id: externalSourceId,
    selfUri: `/api/v2/externalcontacts/externalsources/${externalSourceId}`,
  }
  return {
    resolveIdentities,
    ...(externalSourceId === null ? {} : { externalSource }),
    selfUri: `${PATH}/${id}/identityresolution`,
  }
}
