/**
 * What went wrong where the program itself cannot go on: a stable `code` for programs, and a message for
 * people that says what happened, to what, and what to do. Expected outcomes are values of a union instead.
 */
export class PostriderError extends Error {
  readonly code: ErrorCode
  /** True where the same thing may succeed later without anybody mending anything. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PostriderError'
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'ENVIRONMENT_INVALID'
  | 'LEDGER_UNAVAILABLE' // cannot be opened or written
  | 'LEDGER_BUSY' // too much waits; ask again
  | 'LEDGER_IN_USE' // another service owns it
  | 'LEDGER_OTHER_ORG' // it sends to another API host
  | 'LEDGER_TOO_NEW' // written by a later version of Postrider
  | 'PORT_IN_USE'
  | 'SERVICE_UNREACHABLE' // replay found nobody at --url
  | 'NOT_FOUND'
  | 'REFUSED' // the request makes no sense in the present state; the message says why
  | 'USAGE'

/** The words of any thrown value, without its stack: for a reason that a person reads. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
