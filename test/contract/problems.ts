import type { ErrorObject, ValidateFunction } from 'ajv'

/** What a value has against it, a line each; empty: nothing. `where`: `body` or `query`. Values themselves are not told: they may be somebody's. */
export function problemsOf(where: string, validate: ValidateFunction, value: unknown): string[] {
  // Parameters are turned into what their schema wants, in place.
  if (validate(structuredClone(value))) return []
  return (validate.errors ?? []).map((error) => `${where}${error.instancePath}: ${wordsOf(error)}`)
}

function wordsOf({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'additionalProperties':
      return `unknown field ${params.additionalProperty}`
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`
    case 'const':
      return `must be ${params.allowedValue}`
    case 'discriminator':
      return `no such ${params.tag}`
    default:
      return message ?? keyword
  }
}
