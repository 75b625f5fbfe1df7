import type { CustomerFields } from '../config/config.ts'
import type { Customer, Scope } from '../message.ts'

/** Longer than any identifier that Genesys looks up (255), and than any name. */
const LONGEST = 255

const PROPERTIES = ['externalId', 'email', 'phone', 'name', 'locale', 'timezone', 'consent'] as const

/**
 * Who the event is about: by the route's own fields, or where it has none by the documented form of the source, `data.customer: { id,
 * email, phone, name, locale, timezone, consent }`. What is blank or too long to be what it says is absent.
 */
export function customerOf(scope: Scope, fields: CustomerFields | null): Customer {
  const documented = fields ? {} : documentedCustomer(scope.data)
  const customer: Customer = {}
  for (const property of PROPERTIES) {
    const value = fields ? fields[property]?.value(scope) : documented[property]
    if (value !== undefined && value.length <= LONGEST) customer[property] = value
  }
  return customer
}

function documentedCustomer(data: unknown): Customer {
  const { customer } = recordOf(data)
  const { id, ...rest } = recordOf(customer)
  const named: Record<string, unknown> = { ...rest, externalId: id }
  const texts = PROPERTIES.flatMap((property) => {
    const text = textOf(named[property])
    return text === undefined ? [] : [[property, text] as const]
  })
  return Object.fromEntries(texts)
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = String(value).trim()
  return text === '' ? undefined : text
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
