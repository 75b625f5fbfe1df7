import type { Source } from '../../config/config.ts'
import {
  type Event,
  type Headers,
  isTraceparent,
  type ReadEvent,
  TRACEPARENT,
  type UnreadableEvent,
} from '../../event.ts'
import { headerOf } from '../signature/headers.ts'
import { UNDELIVERED } from './genesys-undelivered.ts'
import { keyOfBytes, type Part, type Preset } from './preset.ts'
import { type PresetName, presetNamed } from './presets.ts'

/** A source as far as reading needs it. */
export type Reader = Pick<Source, 'name' | 'preset' | 'custom'>
type Sources = { sources: ReadonlyMap<string, Source> }

/**
 * The events of an authentic delivery, each apart: one that cannot be read does not hide its neighbours. None where it holds none. `id`: what its scheme has signed as
 * the event's id. `receivedAt`: epoch milliseconds.
 */
export function readDelivery(
  source: Reader,
  delivery: { body: Buffer; rawHeaders: readonly string[]; receivedAt: number },
  id: string | null,
): (ReadEvent | UnreadableEvent)[] {
  const preset = presetNamed(source.preset)
  const header = (name: string) => headerOf(delivery.rawHeaders, name)
  const event = (raw: Buffer) => readPart(source, { raw, id, header }, delivery.receivedAt)
  const path = source.custom?.reading.events ?? null
  const split = preset.split?.(delivery.body, path)
  if (split === undefined) return [event(delivery.body)]
  if (split.kind === 'parts') return told(split.parts.map(event))
  const { receivedAt } = delivery
  const raw = split.kept ?? delivery.body
  const headers = kept(preset, source.custom, header)
  return [{ source: source.name, key: id ?? keyOfBytes(raw), receivedAt, raw, headers, reason: split.reason }]
}

/**
 * Events of one delivery that come to one key, because it stands in a header that they share, are told apart by their bytes. Only where nobody signs such a key: a sender's own
 * id in the body says which are one.
 */
function told(events: (ReadEvent | UnreadableEvent)[]): (ReadEvent | UnreadableEvent)[] {
  const bytes = Map.groupBy(events, ({ key }) => key)
  return events.map((event) => {
    const shared = bytes.get(event.key) ?? []
    const differ = event.keyIsUnsigned && shared.some(({ raw }) => !raw.equals(event.raw))
    return differ ? { ...event, key: `${event.key}:${keyOfBytes(event.raw)}` } : event
  })
}

/**
 * The events of a delivery that was kept whole because it could not be told apart then; null where it is no such delivery, or cannot be told apart still.
 */
export function readPartsAgain(event: Event, source: Reader): (ReadEvent | UnreadableEvent)[] | null {
  const path = source.custom?.reading.events ?? null
  const split = presetNamed(source.preset).split?.(event.raw, path)
  if (split?.kind !== 'parts') return null
  const [only, ...others] = split.parts
  // Its own bytes: an event, and no list of some.
  if (only && others.length === 0 && only.equals(event.raw)) return null
  const { raw: body, headers, receivedAt } = event
  return readDelivery(source, { body, rawHeaders: Object.entries(headers).flat(), receivedAt }, null)
}

/** Reads an event of the ledger anew, as its source reads such events at present. */
export function readAgain(event: Event, { sources }: Sources): ReadEvent | UnreadableEvent {
  const { raw, headers, key, receivedAt } = event
  const source = sources.get(event.source) ?? { name: event.source, preset: presetOf(event), custom: null }
  return readPart(source, { raw, id: key, header: (name) => headers[name] ?? null }, receivedAt)
}

/** Reads the bodies of events as their sources do, for whoever renders them later. */
export function payloadOf(config: Sources) {
  return (event: Event) => {
    const again = readAgain(event, config)
    return 'reason' in again
      ? { kind: 'unreadable' as const, reason: `The event's body cannot be read: ${again.reason}.` }
      : { kind: 'read' as const, payload: again.payload }
  }
}

/** Of an event whose source is gone. Events of `postrider send` (CLI_SOURCE) are written as Standard Webhooks. */
function presetOf({ type }: Pick<Event, 'type'>): PresetName {
  return type === UNDELIVERED ? 'genesys-undelivered' : 'standard-webhooks'
}

function readPart(
  source: Reader,
  { raw, id, header }: Pick<Part, 'raw' | 'id' | 'header'>,
  receivedAt: number,
): ReadEvent | UnreadableEvent {
  const preset = presetNamed(source.preset)
  const keyIsUnsigned = preset.keyIsUnsigned && !signsHeaders(source.custom)
  const headers = kept(preset, source.custom, header)
  const fields = preset.read({ raw, id, header, custom: source.custom?.reading ?? null })
  const common = {
    source: source.name,
    receivedAt,
    raw,
    headers,
    ...(keyIsUnsigned ? { keyIsUnsigned } : {}),
  }
  if ('reason' in fields) return { ...common, key: id ?? keyOfBytes(raw), reason: fields.reason }
  const { occurredAt, key, ...rest } = fields
  const at = occurredAt ?? receivedAt
  return {
    ...common,
    ...rest,
    key: boundedKey(key ?? keyOfBytes(raw)),
    // What marks messages must not mark those that were sent after it was received, whatever the clock of who reports.
    occurredAt: rest.undelivered ? Math.min(at, receivedAt) : at,
  }
}

/** Whether what an event is told by in a header is part of what a sender of the configuration signs. */
function signsHeaders(custom: Source['custom']): boolean {
  const scheme = custom?.scheme
  if (scheme?.kind !== 'mac') return false
  const signed = scheme.signed.flatMap((part) =>
    typeof part === 'object' && 'header' in part ? part.header : [],
  )
  return signed.length > 0 && custom?.reading.headers.every((name) => signed.includes(name)) === true
}

/** Ids of real senders have some 40 characters; what is longer is another one's idea, and would fill every list. */
const LONGEST_KEY = 255

function boundedKey(key: string): string {
  return key.length > LONGEST_KEY ? keyOfBytes(Buffer.from(key)) : key
}

/** More than any header that says a topic or a shop. */
const LONGEST = 500

/** What the source is read by, and where the sender traces its requests, by which of them. */
function kept({ headers }: Preset, custom: Source['custom'], header: Part['header']): Headers {
  const read = [...headers, ...(custom?.reading.headers ?? [])].flatMap((name) => {
    const value = header(name)
    return value === null ? [] : [[name, value.slice(0, LONGEST)] as const]
  })
  const trace = header(TRACEPARENT)
  const traced = trace !== null && isTraceparent(trace) ? [[TRACEPARENT, trace] as const] : []
  return Object.fromEntries([...traced, ...read])
}
