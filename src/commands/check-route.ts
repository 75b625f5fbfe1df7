import type { Route, Templates } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import type { QuietHours } from '../message.ts'
import { print, type Terminal } from './output.ts'

/** A route as it is in effect, every default filled in; `check --json` prints this. */
export function routeJson(route: Route) {
  return {
    name: route.name,
    on: route.on.map(({ text }) => text),
    mode: route.mode,
    purpose: route.purpose,
    when: route.when?.text ?? null,
    customer: route.customer
      ? Object.fromEntries(Object.entries(route.customer).map(([name, field]) => [name, field.text]))
      : null,
    findBy: route.findBy,
    template: route.template,
    channels: route.channels,
    requireSession: route.requireSessionMs === null ? 'none' : formatDuration(route.requireSessionMs),
    once: route.once?.text ?? null,
    oncePer: route.oncePerMs === null ? null : formatDuration(route.oncePerMs),
    onRepeat: route.onRepeat,
    delay: formatDuration(route.delayMs),
    cancelOn: route.cancelOn.map(({ on, match, equals }) => ({
      on: on.map(({ text }) => text),
      match: match.text,
      equals: equals.text,
    })),
    expireAfter: formatDuration(route.expireAfterMs),
    quietHours: route.quietHours ? quietWords(route.quietHours) : 'none',
    cap: route.cap
      ? `${route.cap.messages} per ${formatDuration(route.cap.perMs)} of ${route.cap.group}`
      : 'none',
    onCap: route.onCap,
    brake: route.brake ? `${route.brake.messages} per ${formatDuration(route.brake.perMs)}` : 'none',
    maxAttempts: route.maxAttempts,
    activeConversation: route.activeConversation,
    onUnconfirmed: route.onUnconfirmed,
    onUndelivered: route.onUndelivered,
  }
}

export function printRoute(route: Route, templates: Pick<Templates, 'files'>, terminal: Terminal): void {
  const { name, mode, on, when, customer, once, cancelOn, ...others } = routeJson(route)
  const line = (key: string, value: string) => printLine(terminal, key, value)
  print(terminal, `${name}  ${mode.toUpperCase()}`)
  line('on', on.join(', '))
  line('purpose', others.purpose)
  line('when', when ?? 'always')
  line(
    'customer',
    customer
      ? Object.entries(customer)
          .map(([field, text]) => `${field} ${text}`)
          .join(' · ')
      : 'as the source names them',
  )
  line('findBy', others.findBy.join(', '))
  line('template', `${others.template}  (${templates.files(others.template).join(', ')})`)
  line('channels', others.channels.join(', '))
  line('requireSession', others.requireSession)
  line('once', once ?? 'no: a message for every event')
  if (once !== null) {
    line('oncePer', others.oncePer ?? 'as long as rows are kept')
    line('onRepeat', others.onRepeat)
  }
  line('delay', others.delay)
  if (cancelOn.length === 0) line('cancelOn', 'none')
  for (const entry of cancelOn) {
    line('cancelOn', `${entry.on.join(', ')} · ${entry.match} there is ${entry.equals} here`)
  }
  line('expireAfter', others.expireAfter)
  line('quietHours', others.quietHours)
  line('cap', route.cap ? `${others.cap} · ${others.onCap}` : 'none')
  line('brake', others.brake)
  line('maxAttempts', String(others.maxAttempts))
  line('activeConversation', others.activeConversation)
  line('onUnconfirmed', others.onUnconfirmed)
  line('onUndelivered', others.onUndelivered)
  print(terminal, '')
}

/** A key and what it comes to, one below the other. */
export function printLine(terminal: Terminal, key: string, value: string): void {
  print(terminal, `  ${key.padEnd(18)}  ${value}`)
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** `21:00-08:00, mon, tue, where the customer is, else Europe/Berlin` */
function quietWords({ fromMinute, toMinute, timezone, days }: QuietHours): string {
  const on = days.length === WEEK.length ? 'every day' : days.map((day) => WEEK[day - 1]).join(', ')
  const where = timezone === null ? 'where that is known' : `else ${timezone}`
  return `${timeOfDay(fromMinute)}-${timeOfDay(toMinute)}, ${on}, by the customer's clock, ${where}`
}

function timeOfDay(minute: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
