import type { Route, Templates } from '../config/config.ts'
import { routeJson } from '../ops/shapes/route.ts'
import { print, type Terminal } from './output.ts'

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
