import { randomUUID } from 'node:crypto'

/** An answer of the API other than success; thrown by operations, written once. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    more: { params?: Readonly<Record<string, string>>; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.params = more.params ?? {}
    this.headers = more.headers ?? {}
  }
}

/** The body that Genesys Cloud's errors have (schema ErrorBody of its API). */
export function errorBody(error: ApiError, contextId: string = randomUUID()) {
  return {
    message: error.message,
    code: error.code,
    status: error.status,
    messageWithParams: error.message,
    messageParams: error.params,
    contextId,
    details: [],
    errors: [],
  }
}

/** 400 as the API words a body that cannot be. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'bad.request', message)
}

/** 403 for a permission that the client's roles lack. */
export function missingPermission(permission: string): ApiError {
  return new ApiError(
    403,
    'missing.permissions',
    `You are missing the following permission(s): ${permission}`,
    {
      params: { permissions: permission },
    },
  )
}
