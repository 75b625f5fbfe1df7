import { isUtf8 } from 'node:buffer'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import type { ParsedBody } from './json.ts'
import type { Split } from './split.ts'

/**
 * Outbound messages of Salesforce, SOAP 1.1: an envelope around up to 100 notifications, each with one record.
 *
 * Source: the WSDL of outbound messaging, https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm
 */

const OUTBOUND = 'http://soap.sforce.com/2005/09/outbound'
const XSI = 'http://www.w3.org/2001/XMLSchema-instance'

/** Far above a hundred; each is an event with rows of its own. */
const MOST = 1000
/** Characters. It is kept with each notification; real ones have some 500. */
const LONGEST_ENVELOPE = 8000
/** Levels; a record's fields are on the sixth. */
const DEEPEST = 32

/** What Salesforce takes for received; anything else it sends again, for a day. */
export const ACK = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="${OUTBOUND}"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`

export function isXml(body: Buffer): boolean {
  return /^\uFEFF?\s*</.test(body.toString('utf8', 0, 1000))
}

/** An element of the body: where it begins and ends in its text, and what stands in it. */
type Element = {
  tag: SaxesTagNS
  begin: number
  afterStart: number
  end: number
  text: string
  children: Element[]
}

/**
 * The notifications of a message, each in an envelope of its own that is made of the body's own characters: the start tags around it, which declare its namespaces, the OrganizationId, and
 * the end tags. So each can be read again alone. The SessionId, a key to the organization's data, is kept with none.
 */
export function splitNotifications(body: Buffer): Split {
  const split = splitInto(body)
  return split.kind === 'parts' ? split : { ...split, kept: withoutSession(body) }
}

/** Byte by byte: what cannot be read may be in any encoding that has ASCII's letters. */
function withoutSession(body: Buffer): Buffer {
  const text = body.toString('latin1')
  return Buffer.from(text.replace(/(<(?:[\w.-]+:)?SessionId\b[^>]*>)[^<]*/g, '$1'), 'latin1')
}

function splitInto(body: Buffer): Split {
  const read = notificationsIn(body)
  if (read.kind === 'unreadable') return read
  const { text, around, organization, notifications } = read
  if (notifications.length > MOST) {
    return {
      kind: 'unreadable',
      reason: `at most ${MOST} notifications a delivery, got ${notifications.length}`,
    }
  }
  const slice = ({ begin, end }: Element) => text.slice(begin, end)
  const head = around.map(({ begin, afterStart }) => text.slice(begin, afterStart)).join('')
  const begin = head + (organization ? slice(organization) : '')
  if (begin.length > LONGEST_ENVELOPE) {
    return { kind: 'unreadable', reason: `the envelope has more than ${LONGEST_ENVELOPE} characters` }
  }
  const end = around
    .toReversed()
    .map(({ tag }) => `</${tag.name}>`)
    .join('')
  return { kind: 'parts', parts: notifications.map((one) => Buffer.from(begin + slice(one) + end)) }
}

/** The one notification of a part: `{ organizationId, notificationId, type, data }`, `data` being the record's fields by name as text, null where it is nil. */
export function parseNotification(part: Buffer): ParsedBody {
  const read = notificationsIn(part)
  if (read.kind === 'unreadable') return read
  const [notification] = read.notifications
  if (notification === undefined) return { kind: 'unreadable', reason: 'the message has no Notification' }
  const record = childOf(notification, 'sObject')
  const type = record && attributeOf(record, 'type')
  return {
    kind: 'parsed',
    value: {
      organizationId: read.organization?.text.trim() ?? null,
      notificationId: childOf(notification, 'Id')?.text.trim(),
      type: type?.replace(/^.*:/, ''),
      data: record && Object.fromEntries(record.children.map((field) => [field.tag.local, fieldIn(field)])),
    },
  }
}

function fieldIn(field: Element): string | null {
  return attributeOf(field, 'nil') === 'true' ? null : field.text
}

function childOf(element: Element, name: string): Element | undefined {
  return element.children.find(({ tag }) => tag.local === name)
}

function attributeOf({ tag }: Element, name: string): string | undefined {
  return Object.values(tag.attributes).find(({ uri, local }) => uri === XSI && local === name)?.value
}

type Message = {
  kind: 'message'
  text: string
  around: readonly Element[]
  organization: Element | undefined
  notifications: readonly Element[]
}

function notificationsIn(body: Buffer): Message | { kind: 'unreadable'; reason: string } {
  if (!isUtf8(body)) return { kind: 'unreadable', reason: 'the body is not UTF-8' }
  const text = body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  const root = rootOf(text)
  if (typeof root === 'string') return { kind: 'unreadable', reason: root }
  const soapBody = root.tag.local === 'Envelope' ? childOf(root, 'Body') : undefined
  const list = soapBody && childOf(soapBody, 'notifications')
  if (soapBody === undefined || list === undefined || list.tag.uri !== OUTBOUND) {
    return {
      kind: 'unreadable',
      reason: 'the body is no outbound message: it has no Envelope with notifications',
    }
  }
  return {
    kind: 'message',
    text,
    around: [root, soapBody, list],
    organization: childOf(list, 'OrganizationId'),
    notifications: list.children.filter(({ tag }) => tag.local === 'Notification'),
  }
}

/** The document's element; why there is none, in words that quote nothing of it. */
function rootOf(text: string): Element | string {
  let wrong = 'the body is not well-formed XML'
  const stop = (reason: string): never => {
    wrong = reason
    throw new Error(reason)
  }
  const parser = new SaxesParser({ xmlns: true })
  const roots: Element[] = []
  const open: Element[] = []
  const add = (more: string) => {
    const element = open.at(-1)
    if (element) element.text += more
  }
  parser.on('error', () => stop(wrong))
  // Entities of one's own stand in there, and what they could be made to reach.
  parser.on('doctype', () => stop('the body has a DOCTYPE, which no outbound message has'))
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('opentag', (tag) => {
    if (open.length === DEEPEST) stop(`the body is nested more than ${DEEPEST} levels deep`)
    const afterStart = parser.position
    // No attribute's value holds one.
    const begin = text.lastIndexOf('<', afterStart - 1)
    const element = { tag, begin, afterStart, end: afterStart, text: '', children: [] }
    const siblings = open.at(-1)?.children ?? roots
    siblings.push(element)
    open.push(element)
  })
  parser.on('closetag', () => {
    const element = open.pop()
    if (element) element.end = parser.position
  })
  try {
    parser.write(text).close()
  } catch {
    return wrong
  }
  return roots[0] ?? wrong
}
