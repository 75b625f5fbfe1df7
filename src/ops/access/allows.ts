import { ROLES, type Role } from '../../operator.ts'

/**
 * What each action needs at least. `read`: events, messages, counts, with addresses and texts masked; `read.unmasked`: as they are. `message.force`: once more to a customer who has it; `message.test`: what a route says, to somebody whom the operator names. `suppress` stops
 * messages, `allow` lets them go out again. `access`: operators, tokens and the trail.
 */
export const ACTIONS = {
  read: 'viewer',
  'read.unmasked': 'operator',
  'message.retry': 'operator',
  'message.force': 'admin',
  'message.cancel': 'operator',
  'message.settle': 'operator',
  'message.test': 'operator',
  'event.replan': 'operator',
  'refused.recheck': 'operator',
  pause: 'operator',
  resume: 'operator',
  suppress: 'operator',
  allow: 'admin',
  access: 'admin',
} as const satisfies Readonly<Record<string, Role>>

export type Action = keyof typeof ACTIONS

/** Whether a role may do something: who may do more may do all that who may do less. */
export function allows(role: Role, action: Action): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(ACTIONS[action])
}
