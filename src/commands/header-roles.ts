import { randomUUID } from 'node:crypto'
import type { Source } from '../config/config.ts'
import type { ReadEvent } from '../event.ts'
import { presetNamed } from '../receive/sources/presets.ts'
import { readDelivery } from '../receive/sources/read.ts'

/** What a source makes of headers is found out by reading with other ones: so it holds for headers that only its configuration names, too. */

type Headers = Readonly<Record<string, string>>

/** The header in which the source's sender says what happened; null where it says that in the body. */
export function topicHeaderOf(source: Source, body: Buffer, headers: Headers, topic: string): string | null {
  const known = [...presetNamed(source.preset).headers, ...(source.custom?.reading.headers ?? [])]
  // A body that cannot be read says nothing of its headers; an empty one often does.
  const bodies = [body, Buffer.from('{}')]
  const isTopic = (name: string) =>
    bodies.some((one) => {
      const event = readFirst(source, one, { ...headers, [name]: topic })
      // GitHub has the action, which stands in the body, behind it.
      return event !== null && (event.senderType === topic || event.senderType.startsWith(`${topic}.`))
    })
  return known.find(isTopic) ?? null
}

/** The same headers, with a new id in each that the key of the event is made of. */
export function withFreshIds(source: Source, body: Buffer, headers: Headers): Headers {
  const event = readFirst(source, body, headers)
  if (event === null) return headers
  const isId = (name: string, id: string) => {
    const other = readFirst(source, body, { ...headers, [name]: id })
    return other !== null && other.key !== event.key && other.senderType === event.senderType
  }
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const id = randomUUID()
      return [name, isId(name, id) ? id : value]
    }),
  )
}

/** The first event of a delivery; null where it cannot be read. */
function readFirst(source: Source, body: Buffer, headers: Headers): ReadEvent | null {
  const delivery = { body, rawHeaders: Object.entries(headers).flat(), receivedAt: 0 }
  const [event] = readDelivery(source, delivery, null)
  return event === undefined || 'reason' in event ? null : event
}
