import { systemClock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { checkRate } from '../genesys/check-rate.ts'
import { createGenesys } from '../genesys/client.ts'
import { checkAccess, type InUse } from '../genesys/doctor.ts'
import type { Finding } from '../genesys/finding.ts'
import type { BudgetReading } from '../genesys/genesys.ts'
import { isoTime } from '../ops/shapes/values.ts'
import { configOf, loginOf } from '../settings.ts'
import { type CustomerCheck, checkCustomer } from './customer-check.ts'
import type { CustomerAsked } from './customer-find.ts'
import { localTime, print, printJson, type Terminal } from './output.ts'

/** `customer`: how they are named; null or empty: nobody is asked about. */
export type DoctorOptions = { json: boolean; customer?: CustomerAsked | null }

/**
 * Asks Genesys Cloud whether all is in place: login, permissions, external sources, what the channels are sent over, the rate limit; and how a
 * customer would be reached, where one is named. Sends nothing; false where something has to be mended.
 */
export async function doctor(
  variables: Variables,
  options: boolean | DoctorOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { json, customer = null }: DoctorOptions = typeof options === 'boolean' ? { json: options } : options
  const environment = readEnvironment(variables)
  const login = loginOf(environment)
  const config = configOf(environment.POSTRIDER_CONFIG, variables)
  const readings: BudgetReading[] = []
  const genesys = createGenesys({
    region: environment.GENESYS_REGION,
    ...login,
    clock: systemClock,
    pace: async () => {},
    onBudget: (reading) => void readings.push(reading),
  })
  const access = await checkAccess(genesys, inUseOf(config))
  const loggedIn = access[0]?.ok === true
  const asked = loggedIn && customer && Object.keys(customer).length > 0 ? customer : null
  const checked = asked && (await checkCustomer(genesys, config, asked, systemClock))
  const rate = loggedIn ? [checkRate(readings, config.genesys.rateLimitPerMinute)] : []
  const findings = [...access, ...rate, ...(checked?.findings ?? [])].map((finding) => ({
    ...finding,
    // The region says nothing where a gateway stands in for it.
    todo: login.gatewayUrl
      ? (finding.todo?.replaceAll('GENESYS_REGION', 'GENESYS_GATEWAY_URL') ?? null)
      : finding.todo,
  }))
  const healthy = findings.every(({ ok }) => ok)
  if (json) {
    const reached = checked && { customer: { ...asked, ...customerJson(checked) } }
    printJson(terminal, { ok: healthy, host: genesys.host, findings, ...reached })
    return healthy
  }
  print(terminal, `Genesys   ${genesys.host}`)
  for (const finding of findings) printFinding(terminal, finding)
  if (checked) printCustomer(terminal, checked)
  return healthy
}

function inUseOf({ genesys, sources, routes }: Config): InUse {
  return {
    ...genesys,
    externalSources: [genesys, ...sources.values()].flatMap(({ externalSource }) => externalSource ?? []),
    asksForSessions: routes.some(({ requireSessionMs }) => requireSessionMs !== null),
  }
}

const LEVELS = {
  ok: { word: 'ok  ', colour: 'green' },
  warn: { word: 'warn', colour: 'yellow' },
  fail: { word: 'FAIL', colour: 'red' },
} as const

function printFinding(terminal: Terminal, { level, name, detail, todo }: Finding): void {
  const { word, colour } = LEVELS[level]
  print(terminal, `${word}  ${name}: ${detail}`, colour)
  if (todo) print(terminal, `      ${todo}`)
}

function printCustomer(terminal: Terminal, { contact, session, routes }: CustomerCheck): void {
  const line = (name: string, text: string) => print(terminal, `${name.padEnd(10)}${text}`)
  const others = contact?.ids.filter((id) => id !== contact.id) ?? []
  line(
    'Contact',
    contact
      ? `${contact.id}, found by ${contact.foundBy}${others.length > 0 ? `; merged: ${others.join(', ')}` : ''}`
      : 'none is known',
  )
  line(
    'Session',
    session
      ? `${localTime(session.startedAt)}, conversation ${session.conversationId}`
      : 'none known of the last 31 days',
  )
  const widest = Math.max(0, ...routes.map(({ route }) => route.length))
  for (const [n, { route, channel, to, reason }] of routes.entries()) {
    const how =
      channel === null ? `none: ${reason}` : `${channel} to ${to}${reason === null ? '' : ` (${reason})`}`
    line(n === 0 ? 'Routes' : '', `${route.padEnd(widest)}  ${how}`)
  }
}

function customerJson({ contact, session, routes }: CustomerCheck) {
  return {
    contact,
    session: session && { conversationId: session.conversationId, startedAt: isoTime(session.startedAt) },
    routes,
  }
}
