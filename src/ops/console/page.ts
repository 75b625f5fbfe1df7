import type { Request, Response } from 'express'
import type { Operator } from '../../operator.ts'
import { type Action, allows } from '../access/allows.ts'
import { render } from './render.ts'

/** What stands on every page. `place`: the entry of the navigation that it belongs to; null: none. */
export type PageData = { title: string; place?: Place | null } & Record<string, unknown>

/** The navigation, in its order. `needs`: who may not do that does not see it. */
export const PLACES = [
  { place: 'overview', name: 'Overview', path: '/console/', needs: 'read' },
  { place: 'events', name: 'Events', path: '/console/events', needs: 'read' },
  { place: 'messages', name: 'Messages', path: '/console/messages', needs: 'read' },
  { place: 'runs', name: 'Runs', path: '/console/runs', needs: 'read' },
  { place: 'sources', name: 'Sources', path: '/console/sources', needs: 'read' },
  { place: 'routes', name: 'Routes', path: '/console/routes', needs: 'read' },
  { place: 'pauses', name: 'Pauses', path: '/console/pauses', needs: 'read' },
  { place: 'suppressions', name: 'Suppressions', path: '/console/suppressions', needs: 'read' },
  { place: 'audit', name: 'Audit', path: '/console/audit', needs: 'access' },
] as const satisfies readonly { place: string; name: string; path: string; needs: Action }[]
export type Place = (typeof PLACES)[number]['place']

/** What is the same on all pages while the service runs. `sendsTo`: `live` needs no banner. `host`: where messages go. */
export type About = { sendsTo: 'live' | 'gateway' | 'sandbox'; host: string; sandboxUrl: string | null }

/** The zone by its name; by its distance from UTC where TZ says something that has none. */
function zoneName(now: number): string {
  const name: string | undefined = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (name) return name
  const minutes = -new Date(now).getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const two = (number: number) => String(number).padStart(2, '0')
  const ahead = Math.abs(minutes)
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`
}

/** Answers with a view. The title stands in the tab and above the page. */
export async function page(response: Response, status: number, view: string, data: PageData): Promise<void> {
  const operator = (response.locals.operator as Operator | undefined) ?? null
  const about = (response.locals.about as About | undefined) ?? null
  const shown = {
    ...data,
    place: data.place ?? null,
    operator,
    about,
    zone: zoneName(response.locals.now as number),
    places: operator === null ? [] : PLACES.filter(({ needs }) => allows(operator.role, needs)),
  }
  const html = await render(view, shown, response.locals.now as number)
  response.status(status).type('html').send(html)
}

/** Who asked for this page. For handlers behind the login alone. */
export function operatorIn(response: Response): Operator {
  return response.locals.operator as Operator
}

/** Whether whoever asks may do something. */
export function may(response: Response, action: Action): boolean {
  return allows(operatorIn(response).role, action)
}

const REFUSALS = {
  400: 'Not understood',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Refused',
  413: 'Too long',
} as const

/** Says that there is nothing to be seen here, or nothing to be done. `reason`: a sentence for the operator. */
export async function refusal(
  response: Response,
  status: keyof typeof REFUSALS,
  reason: string,
): Promise<void> {
  await page(response, status, 'refusal', { title: REFUSALS[status], reason })
}

/** Who may not do it is told so, and nothing else; false then. */
export async function mayOrRefuse(response: Response, action: Action): Promise<boolean> {
  if (may(response, action)) return true
  const { role } = operatorIn(response)
  await refusal(
    response,
    403,
    `The role ${role} does not allow this. An admin can give you another: npx postrider operators role NAME --role ROLE`,
  )
  return false
}

/** The fields of a query string or of a form that was posted, each once, trimmed; those left empty are left out. */
export type Fields = Readonly<Record<string, string>>

export function queryIn(request: Request): Fields {
  const [, ...query] = request.originalUrl.split('?')
  return fieldsOf([...new URLSearchParams(query.join('?'))])
}

export function formIn(request: Request): Fields {
  const body = (request.body ?? {}) as Record<string, unknown>
  return fieldsOf(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  )
}

/** What is pasted along by mistake: marks and controls that nobody sees in a field. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}]/gu

function fieldsOf(pairs: readonly (readonly [string, string])[]): Fields {
  const given = pairs
    .map(([name, value]) => [name, value.replaceAll(UNSEEN, '').trim()] as const)
    .filter(([, value]) => value !== '')
  return Object.assign(Object.create(null), Object.fromEntries(given)) as Fields
}

/** The number at the end of a path; null where it is none that a row could have. */
export function idIn(request: Request): number | null {
  const { id } = request.params
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}

/** The words that a page says once, after something was done there; null: none of its words. */
export function saidIn(words: Readonly<Record<string, string>>, said: string | undefined): string | null {
  return said !== undefined && Object.hasOwn(words, said) ? (words[said] ?? null) : null
}

/** A path of the console with what is asked of it. */
export function pathWith(
  path: string,
  fields: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
  return query === '' ? path : `${path}?${query}`
}
