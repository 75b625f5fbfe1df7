import type { Response } from 'express'
import { z } from 'zod'
import { list } from '../shapes/values.ts'
import type { Fault } from './operation.ts'

/** What can go wrong, by the last part of its type. Types are stable; docs/api.md says what each means. */
export const PROBLEMS = {
  unauthenticated: { status: 401, title: 'Not logged in' },
  forged: { status: 403, title: 'Refused' },
  forbidden: { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Not possible' },
  refused: { status: 409, title: 'Refused' },
  'key-open': { status: 409, title: 'Asked for before' },
  'too-large': { status: 413, title: 'Too large' },
  'unsupported-media-type': { status: 415, title: 'No JSON' },
  invalid: { status: 422, title: 'Not understood' },
  'key-reused': { status: 422, title: 'Key used before' },
  unavailable: { status: 503, title: 'Unavailable' },
} as const
export type ProblemName = keyof typeof PROBLEMS

/** RFC 9457. */
export const ProblemShape = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: list(z.strictObject({ path: z.string(), message: z.string() })).exactOptional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong, and what to do (RFC 9457).' })
export type ProblemJson = z.infer<typeof ProblemShape>

export function problemOf(name: ProblemName, detail: string, errors?: readonly Fault[]): ProblemJson {
  const { status, title } = PROBLEMS[name]
  return {
    type: `/problems/${name}`,
    title,
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
  }
}

export function sendProblem(
  response: Response,
  name: ProblemName,
  detail: string,
  errors?: readonly Fault[],
): void {
  sendJson(response, PROBLEMS[name].status, JSON.stringify(problemOf(name, detail, errors)))
}

/** `body`: JSON text; a problem where the status says so. */
export function sendJson(response: Response, status: number, body: string): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.status(status).set('content-type', type).end(body)
}
