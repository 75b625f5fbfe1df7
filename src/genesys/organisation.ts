import { nobody, objectOf, textOf } from './answer.ts'
import type { Call } from './call.ts'
import type { Genesys, IdentityResolution, ListedIntegration, ListedSource } from './genesys.ts'
import { badId } from './ids.ts'
import { allPages } from './pages.ts'
import type { Sdk } from './sdk.ts'

/** What the org has set up. */
export function createOrganisation(
  { contacts, conversations, deployments }: Sdk,
  call: Call,
  pace: () => Promise<void>,
): Pick<Genesys, 'getDeployment' | 'getExternalSources' | 'getIntegrations' | 'getIdentityResolution'> {
  return {
    getDeployment: async (id) =>
      badId(id) ??
      nobody(
        await call(
          () => deployments.getWebdeploymentsDeployment(id),
          (body) => deploymentOf(body, id),
        ),
      ),

    getIdentityResolution: async (id) =>
      badId(id) ??
      nobody(
        await call<IdentityResolution | null>(
          () => deployments.getWebdeploymentsDeploymentIdentityresolution(id),
          resolutionOf,
        ),
      ),

    getExternalSources: () =>
      allPages<ListedSource, string>(
        (cursor) =>
          call(
            () =>
              contacts.getExternalcontactsExternalsources({
                limit: 200,
                ...(cursor === null ? {} : { cursor }),
              }),
            // The last page may have a cursor too.
            (body) => pageOf(body, sourceOf, textOf(objectOf(objectOf(body).cursors).after)),
          ),
        pace,
      ),

    getIntegrations: () =>
      allPages<ListedIntegration, number>((next) => {
        const pageNumber = next ?? 1
        return call(
          () => conversations.getConversationsMessagingIntegrations({ pageSize: 100, pageNumber }),
          (body) => pageOf(body, integrationOf, hasNext(body, pageNumber) ? pageNumber + 1 : null),
        )
      }, pace),
  }
}

/** The entries of a page that can be read; undefined where it is no page. */
function pageOf<T, Next>(
  body: unknown,
  entryOf: (entity: Record<string, unknown>, id: string) => T,
  next: Next | null,
) {
  const { entities } = objectOf(body)
  if (!Array.isArray(entities)) return undefined
  const entries = entities.map(objectOf).flatMap((entity) => {
    const id = textOf(entity.id)
    return id === null ? [] : [entryOf(entity, id)]
  })
  return { entries, next }
}

/** Either is said, or both; a page may be smaller than was asked for. */
function hasNext(body: unknown, pageNumber: number): boolean {
  const { nextUri, pageCount } = objectOf(body)
  return textOf(nextUri) !== null || (typeof pageCount === 'number' && pageNumber < pageCount)
}

function sourceOf({ name, active }: Record<string, unknown>, id: string): ListedSource {
  return { id, name: textOf(name) ?? '', active: active !== false }
}

function integrationOf(entity: Record<string, unknown>, id: string): ListedIntegration {
  return {
    id,
    name: textOf(entity.name) ?? '',
    messengerType: textOf(entity.messengerType) ?? 'unknown',
    status: textOf(entity.status) ?? 'unknown',
  }
}

function deploymentOf(body: unknown, id: string) {
  if (typeof body !== 'object' || body === null) return undefined
  const deployment = objectOf(body)
  return {
    id: textOf(deployment.id) ?? id,
    name: textOf(deployment.name) ?? '',
    status: textOf(deployment.status) ?? 'unknown',
  }
}

function resolutionOf(body: unknown): IdentityResolution | undefined {
  const { resolveIdentities, externalSource } = objectOf(body)
  if (typeof resolveIdentities !== 'boolean') return undefined
  return { resolves: resolveIdentities, externalSourceId: textOf(objectOf(externalSource).id) }
}
