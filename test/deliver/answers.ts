import type { Answer } from '../../src/genesys/genesys.ts'

const budget = { allowed: null, count: null, resetMs: null }

export type Refused = Extract<Answer<never>, { kind: 'refused' }>

/** An answer of Genesys other than success. */
export function refused(status: number, more: Partial<Refused> = {}): Refused {
  return {
    kind: 'refused',
    status,
    code: null,
    message: 'words of Genesys',
    retryAfterMs: null,
    missingPermissions: [],
    fields: [],
    correlationId: 'c-1',
    budget,
    ...more,
  }
}

export function answered<T>(value: T, status = 200): Extract<Answer<T>, { kind: 'ok' }> {
  return { kind: 'ok', value, status, correlationId: 'c-1', budget }
}

/** A send or a question of which no usable answer came. */
export const NO_ANSWER: Answer<never> = {
  kind: 'uncertain',
  code: 'ECONNABORTED',
  message: 'timeout of 16000ms exceeded',
}
