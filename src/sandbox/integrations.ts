import { OPEN_INTEGRATION, WHATSAPP_INTEGRATION } from './directory.ts'
import { pageOf } from './fields.ts'
import type { Org } from './org.ts'

/** `messengerType` and `status` as schema MessagingIntegration has them; Active, where nothing else is said. */
export type SandboxIntegration = { id: string; name: string; messengerType: string; status?: string }

export const EXAMPLE_INTEGRATIONS: readonly SandboxIntegration[] = [
  { id: WHATSAPP_INTEGRATION, name: 'Sandbox WhatsApp', messengerType: 'whatsapp' },
  { id: OPEN_INTEGRATION, name: 'Sandbox open messaging', messengerType: 'open' },
]

const PATH = '/api/v2/conversations/messaging/integrations'

/** `GET /api/v2/conversations/messaging/integrations`: a page of them. That a page has at most 100 is assumed. */
export function listIntegrations(query: URLSearchParams, org: Org) {
  const { pageSize, pageNumber } = pageOf(query)
  const all = [...org.integrations.values()]
  const start = (pageNumber - 1) * pageSize
  const pageCount = Math.ceil(all.length / pageSize)
  const uri = (number: number) => `${PATH}?pageSize=${pageSize}&pageNumber=${number}`
  return {
    entities: all.slice(start, start + pageSize).map(({ id, name, messengerType, status = 'Active' }) => ({
      id,
      name,
      messengerType,
      status,
      version: 1,
      selfUri: `${PATH}/${id}`,
    })),
    pageSize,
    pageNumber,
    total: all.length,
    pageCount,
    selfUri: uri(pageNumber),
    firstUri: uri(1),
    lastUri: uri(Math.max(1, pageCount)),
    ...(pageNumber > 1 ? { previousUri: uri(pageNumber - 1) } : {}),
    ...(pageNumber < pageCount ? { nextUri: uri(pageNumber + 1) } : {}),
  }
}
