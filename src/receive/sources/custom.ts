import type { CustomReading, ReadingField, ReadingScope } from '../../config/config.ts'
import { CUSTOMER_PROPERTIES, type Customer } from '../../message.ts'
import { parseBody } from './json.ts'
import {
  customerIn,
  dedupeFor,
  type Fields,
  type Part,
  type Preset,
  textOf,
  type Unreadable,
} from './preset.ts'
import { isObject } from './problems.ts'
import { type Split, splitJson } from './split.ts'
import { typeName } from './standard-webhooks.ts'
import { instantOf } from './timestamp.ts'

/** What an event says apart from its payload, as far as somebody knows where. */
export type Said = {
  [field in Exclude<keyof Fields, 'type' | 'payload' | 'undelivered'>]?: Fields[field] | undefined
}

/**
 * Reads an event as the source's configuration says: its fields over the body (`payload`, `data`) and the headers that they name. Where they say nothing, or come to nothing, it is
 * what `otherwise` makes of the parsed body. Unreadable only where nothing says the type, or Liquid's limits are exceeded.
 */
export function readCustom(
  part: Part,
  otherwise: (payload: unknown) => Said = () => ({}),
): Fields | Unreadable {
  const parsed = parseBody(part.raw)
  if (parsed.kind === 'unreadable') return parsed
  const { value: payload } = parsed
  const { custom } = part
  const known = otherwise(payload)
  let said: Said
  try {
    said = custom === null ? {} : saidIn(custom, scopeOf(payload, custom, part))
  } catch {
    // Liquid's own words quote what it stumbled over.
    return {
      reason: 'the fields of custom cannot be evaluated: over this body they take more than Liquid may use',
    }
  }
  const senderType = said.senderType ?? known.senderType
  if (senderType === undefined) return { reason: withoutType(custom) }
  const named = typeName.safeParse(senderType)
  if (!named.success)
    return { reason: `the type: ${named.error.issues.map(({ message }) => message).join('; ')}` }
  const types = custom?.types ?? {}
  return {
    key: said.key ?? known.key ?? null,
    type: (Object.hasOwn(types, senderType) ? types[senderType] : undefined) ?? senderType,
    senderType,
    occurredAt: said.occurredAt ?? known.occurredAt ?? null,
    subject: said.subject ?? known.subject ?? null,
    customer: said.customer ?? known.customer ?? {},
    isTest: said.isTest ?? known.isTest ?? false,
    payload,
  }
}

function withoutType(custom: CustomReading | null): string {
  return (custom?.type ?? null) === null
    ? 'the configuration does not say where its type stands: set custom.type'
    : 'custom.type comes to nothing for this body'
}

/** As routes see it: `data` is the body's own where there is one. Other headers than those named are not kept with an event, so none sees them. */
function scopeOf(payload: unknown, { headers }: CustomReading, { header }: Part): ReadingScope {
  const named = headers.map((name) => [name, header(name)] as const).filter(([, value]) => value !== null)
  return {
    payload,
    data: isObject(payload) && 'data' in payload ? payload.data : payload,
    headers: Object.fromEntries(named) as Record<string, string>,
  }
}

function saidIn(custom: CustomReading, scope: ReadingScope): Said {
  const value = (field: ReadingField | null | undefined) => textOf(field?.value(scope)) ?? undefined
  const { customer } = custom
  return {
    key: value(custom.key),
    senderType: value(custom.type),
    occurredAt: timeIn(value(custom.occurredAt)),
    subject: value(custom.subject),
    customer: customer ? customerSaid((property) => value(customer[property])) : undefined,
    isTest: custom.test?.holds(scope),
  }
}

function customerSaid(value: (property: keyof Customer) => string | undefined): Customer {
  return customerIn(Object.fromEntries(CUSTOMER_PROPERTIES.map((property) => [property, value(property)])))
}

/** Liquid prints numbers as text. */
function timeIn(text: string | undefined): number | null {
  return instantOf(text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text)
}

/** Where the configuration names the list of a delivery's events. */
export function splitAsConfigured(body: Buffer, path: readonly string[] | null): Split {
  return path === null ? { kind: 'parts', parts: [body] } : splitJson(body, path)
}

export const custom: Preset = {
  title: 'Any other sender',
  scheme: null,
  custom: 'needed',
  // Of no sender is known how long it tries.
  dedupe: dedupeFor(30, 2),
  headers: [],
  // A key or a type may stand in a header, which few sign.
  keyIsUnsigned: true,
  types: [],
  customer: { names: ['externalId', 'email', 'phone'], advice: null },
  ownIds: false,
  split: splitAsConfigured,
  read: (part) => readCustom(part),
  setup: {
    steps: [
      'Add a webhook with the URL in the sender.',
      'Say in the block custom of the source how the sender signs (signature) or which token it sends (token), and where its events say their type, key, time, subject and customer.',
      'Let it send one event, and look at it with postrider events show.',
    ],
    secret: 'What the sender signs with, or the token that it sends, 16 characters or more.',
    body: null,
    test: 'An example that it sends is read like an event; where it marks examples, say so in custom.test.',
    retries: 'As the sender documents it; dedupeFor must be longer.',
    on503: 'As the sender documents it.',
    revive: 'As the sender documents it.',
    missed: 'As the sender documents it.',
  },
}
