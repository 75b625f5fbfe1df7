import assert from 'node:assert/strict'
import type { ReadEvent } from '../../../src/event.ts'
import type { PresetName } from '../../../src/receive/sources/presets.ts'
import { readDelivery } from '../../../src/receive/sources/read.ts'
import { sourceOf } from './source.ts'

export const RECEIVED = Date.UTC(2026, 10, 23, 9, 0, 0)

/** What deliveries of a preset are read as. A body that is a text stands as it is; `id`: what the scheme signed as the event's. */
export function readingOf(preset: PresetName) {
  const events = (body: unknown, headers: Record<string, string> = {}, id: string | null = null) =>
    readDelivery(
      sourceOf(preset),
      {
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        rawHeaders: Object.entries(headers).flat(),
        receivedAt: RECEIVED,
      },
      id,
    )
  const one = (...delivery: Parameters<typeof events>) => {
    const [event, another] = events(...delivery)
    assert.ok(event !== undefined && another === undefined, 'expected one event')
    return event
  }
  return {
    events,
    /** The only event, which can be read. */
    event(...delivery: Parameters<typeof events>): ReadEvent {
      const event = one(...delivery)
      assert.ok(!('reason' in event), 'reason' in event ? event.reason : '')
      return event
    },
    /** Why the only event cannot be read. */
    reason(...delivery: Parameters<typeof events>): string {
      const event = one(...delivery)
      assert.ok('reason' in event, 'was read')
      return event.reason
    },
  }
}
