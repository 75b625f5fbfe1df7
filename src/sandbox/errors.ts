/** Beside a field's name, what is wrong with it; the API's `details`. */
type Detail = { errorCode: string; fieldName: string }

type More = {
  params?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  details?: readonly Detail[]
  /** Which limit of the organisation was met. */
  limit?: { namespace: string; key: string; value: number }
}

/** An answer of the API other than success; thrown by operations, written once. `template` has its parameters in braces. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly template: string
  readonly more: More

  constructor(status: number, code: string, template: string, more: More = {}) {
    super(template.replaceAll(/\{(\w+)\}/g, (hole, name: string) => more.params?.[name] ?? hole))
    this.status = status
    this.code = code
    this.template = template
    this.more = more
  }
}

/** The body that Genesys Cloud's errors have (schema ErrorBody of its API). */
export function errorBody({ message, code, status, template, more }: ApiError, contextId: string) {
  return {
    message,
    code,
    status,
    messageWithParams: template,
    messageParams: more.params ?? {},
    contextId,
    details: more.details ?? [],
    errors: [],
    ...(more.limit ? { limit: more.limit } : {}),
  }
}

/** 400 as the API words a body that cannot be. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'bad.request', message)
}

/** 400 for a field that is required and not there. */
export function missingField(fieldName: string): ApiError {
  return new ApiError(400, 'bad.request', '{fieldName} is required.', {
    params: { fieldName },
    details: [{ errorCode: 'missing.value', fieldName }],
  })
}

/** 400 for a field whose value cannot be; `rule` goes on after the field's name. */
export function invalidField(fieldName: string, rule: string): ApiError {
  return new ApiError(400, 'bad.request', `{fieldName} ${rule}`, {
    params: { fieldName },
    details: [{ errorCode: 'invalid.value', fieldName }],
  })
}

/** 404 in the API's words for what was asked about. */
export function notFound(what = 'resource'): ApiError {
  return new ApiError(404, 'not.found', 'The requested {what} was not found.', { params: { what } })
}

export function methodNotAllowed(allowed: readonly string[]): ApiError {
  return new ApiError(405, 'method.not.allowed', 'The method is not allowed for this resource.', {
    headers: { Allow: allowed.join(', ') },
  })
}

/** 403 where the client's roles lack these permissions: `all` of them are wanted, or `any` one. */
export function missingPermission(permissions: readonly string[], wanted: 'all' | 'any'): ApiError {
  const params = { permissions: permissions.join(', ') }
  return wanted === 'all'
    ? new ApiError(
        403,
        'missing.permissions',
        'Unable to perform the requested action. You are missing the following permission(s): {permissions}',
        { params },
      )
    : new ApiError(
        403,
        'missing.any.permissions',
        'Unable to perform the requested action. You must have at least one of the following permissions assigned: {permissions}',
        { params },
      )
}

/** An error of the login, in OAuth's own words (RFC 6749, 5.2). */
export class OAuthError extends Error {
  readonly status: number
  readonly error: string

  constructor(status: number, error: string, description: string) {
    super(description)
    this.status = status
    this.error = error
  }
}
