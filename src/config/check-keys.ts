import { variablesIn } from './liquid.ts'
import { blockOf, listOf, type WrittenRoute } from './written.ts'

/**
 * Whether the keys that a route tells events apart by do that. A key that is the same for every event, or nothing for all of them, is right as Liquid, and silences a route or has no effect.
 */
export function checkKeys(written: WrittenRoute): void {
  checkOnce(written)
  for (const [n, entry] of listOf(written.route.cancelOn).entries()) checkCancel(written, n, entry)
}

const NO_ID = 'event.id is empty while an event is planned'

/** Nobody means one message for all customers and for good, and an event that never has a key: both are problems. */
function checkOnce({ route, problem, warning, isUnset, isFromEnvironment }: WrittenRoute): void {
  const { once } = route
  if (!isText(once) || isUnset('once')) return
  const variables = variablesIn(once)
  if (variables === null) return
  if (variables.length === 0) {
    const example = isPath(once) && !isFromEnvironment('once') ? once.trim() : 'data.ticket.id'
    problem(
      'once',
      `is the same text for every event, so that one customer gets a message and nobody after: quote {{ }} with what tells events apart, such as "{{ ${example} }}"`,
    )
  } else if (isNothingElse(variables)) {
    problem('once', `${NO_ID}, so that every message fails: take event.key, such as "{{ event.key }}"`)
  } else if (variables.some(isEventId)) {
    warning('once', `${NO_ID} and adds nothing to the key: take event.key`)
  }
}

function checkCancel({ warning, isUnset, isFromEnvironment }: WrittenRoute, n: number, entry: unknown): void {
  const { match, equals = match } = blockOf(entry)
  if (
    !isText(match) ||
    !isText(equals) ||
    isUnset('cancelOn', n, 'match') ||
    isUnset('cancelOn', n, 'equals')
  ) {
    return
  }
  const sides = { match, equals }
  const [matched, equal] = [variablesIn(match), variablesIn(equals)]
  if (matched === null || equal === null) return
  if (matched.length === 0 && equal.length === 0) {
    const message =
      'match and equals are the same text for every event: quote {{ }} with what the two share, such as "{{ data.ticket.id }}"'
    warning('cancelOn', message)
    return
  }
  for (const side of ['match', 'equals'] as const) {
    // A word such as `closed` on one side may be meant; a path without its braces is not.
    const variables = side === 'match' ? matched : equal
    const text = sides[side]
    if (variables.length === 0 && isPath(text)) {
      const path = isFromEnvironment('cancelOn', n, side) ? 'data.ticket.id' : text.trim()
      warning(
        'cancelOn',
        `${side} is a path without {{ }}, so that its name is compared and not its value: write "{{ ${path} }}"`,
      )
    }
  }
  const named = (['match', 'equals'] as const).filter((side) =>
    isNothingElse(side === 'match' ? matched : equal),
  )
  if (named.length > 0) {
    const which = match === equals ? 'match' : named.join(' and ')
    warning('cancelOn', `${which}: ${NO_ID}, and cancels nothing: take what both events name`)
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** What begins as variables do and has no braces around it. */
function isPath(text: string): boolean {
  return /^(?:data|event|payload|customer)(?:\.[\w-]+|\[[^\]]*\])+$/.test(text.trim())
}

function isNothingElse(variables: readonly string[]): boolean {
  return variables.length > 0 && variables.every(isEventId)
}

function isEventId(variable: string): boolean {
  return variable === 'event.id'
}
