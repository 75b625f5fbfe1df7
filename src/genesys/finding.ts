import type { Answer } from './genesys.ts'

/** One line of the doctor's. `warn`: it works, but somebody should know. `ok`: nothing that has to be mended. */
export type Finding = {
  name: string
  level: 'ok' | 'warn' | 'fail'
  ok: boolean
  detail: string
  /** What to do about it; null where all is well. */
  todo: string | null
}

export type NotOk = Exclude<Answer<unknown>, { kind: 'ok' }>

export function well(name: string, detail: string): Finding {
  return { name, level: 'ok', ok: true, detail, todo: null }
}

export function warning(name: string, detail: string, todo: string): Finding {
  return { name, level: 'warn', ok: true, detail, todo }
}

export function failure(name: string, detail: string, todo: string): Finding {
  return { name, level: 'fail', ok: false, detail, todo }
}

/** What an answer to a question says of its permission, one that Postrider cannot do its work without. */
export function allowed(name: string, answer: Answer<unknown>, permission: string): Finding {
  return answer.kind === 'ok' ? well(name, 'allowed') : notAnswered(name, answer, permission)
}

/** A question that got no answer. */
export function notAnswered(name: string, answer: NotOk, permission: string): Finding {
  const todo = isForbidden(answer)
    ? `Add ${permission} to a role of the OAuth client, in the right division.`
    : (paceTodo(answer) ?? 'Check the network, GENESYS_REGION and status.mypurecloud.com; then ask again.')
  return failure(name, detailOf(answer), todo)
}

/** What to do where Genesys asks for a slower pace; null where it does not. */
export function paceTodo(answer: NotOk): string | null {
  if (!('status' in answer) || answer.status !== 429) return null
  const seconds = answer.retryAfterMs === null ? null : Math.ceil(answer.retryAfterMs / 1000)
  const wait = seconds === null ? 'Wait a minute' : `Wait ${seconds} s, as it asks`
  return `${wait}, then ask again. Where it lasts for hours, a limit of the org’s day is used up.`
}

/** A question that the doctor alone asks: without the permission it stays open, and everything else works. */
export function notChecked(name: string, answer: NotOk, what: string, permission: string): Finding {
  return isForbidden(answer)
    ? warning(
        name,
        `${what} was not checked`,
        `To have it checked, add ${permission} to a role of the OAuth client.`,
      )
    : notAnswered(name, answer, permission)
}

function isForbidden(answer: NotOk): boolean {
  return answer.kind === 'refused' && answer.status === 403
}

export function detailOf(answer: NotOk): string {
  const status = 'status' in answer && answer.status !== null ? `${answer.status} ` : ''
  return `${status}${answer.code ?? ''} ${answer.message}`.trim()
}
