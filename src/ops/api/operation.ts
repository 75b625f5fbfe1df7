import { z } from 'zod'
import type { Operator } from '../../operator.ts'
import type { Action } from '../access/allows.ts'
import type { Missing, Refused } from '../actions/outcome.ts'
import type { PreviewDeps } from '../actions/preview.ts'

/** What operations need. `about`: where messages go. `baseUrl`: where senders find the webhooks, `http://127.0.0.1:3000`. */
export type ApiDeps = PreviewDeps & {
  about: { sendsTo: 'live' | 'gateway' | 'sandbox'; host: string }
  baseUrl: () => string
}

export type Context = { deps: ApiDeps; operator: Operator }

/** What is wrong with a request. `path`: where, `body.filter.since`. Neither quotes a value. */
export type Fault = { path: string; message: string }
export type Invalid = { kind: 'invalid'; errors: readonly Fault[] }

export type Outcome<Body> = { kind: 'answer'; body: Body } | Missing | Refused | Invalid

/**
 * One thing that the API does, as data: the router, the OpenAPI document, the documentation and the tests of who may do what are all made from it.
 */
export type Operation = {
  id: string
  method: 'GET' | 'POST'
  /** Below /api/v1, `/messages/{id}/retry`. */
  path: string
  summary: string
  /** What whoever asks must be allowed to do. */
  action: Action
  /** What this request needs beside, because of what is in it. */
  also(input: Input): readonly Action[]
  params: z.ZodType
  query: z.ZodType
  body: z.ZodType
  answer: z.ZodType
  status: 200 | 201 | 202
  /**
   * Whether it changes something, and then takes an `Idempotency-Key`. `one`: a single transaction, after which nothing is asked that could fail: where the ledger says that it could not write, nothing
   * was done. `many`: more than that, and a failure leaves open how much was done.
   */
  changes: 'nothing' | 'one' | 'many'
  /** What can go wrong beside what can with every operation. */
  problems: readonly (404 | 409)[]
  run(context: Context, input: Input): Promise<Outcome<unknown>>
}

/** What was asked, validated. */
export type Input = { params: unknown; query: unknown; body: unknown }

/** For what takes nothing. */
export const Nothing = z.strictObject({})

type Checked<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  params: z.output<P>
  query: z.output<Q>
  body: z.output<B>
}

/** An operation with the types of its own schemas. */
export function operation<
  A extends z.ZodType,
  P extends z.ZodType = typeof Nothing,
  Q extends z.ZodType = typeof Nothing,
  B extends z.ZodType = typeof Nothing,
>(
  of: Pick<Operation, 'id' | 'method' | 'path' | 'summary' | 'action'> &
    Partial<Pick<Operation, 'status' | 'changes' | 'problems'>> & {
      params?: P
      query?: Q
      body?: B
      answer: A
      also?(input: Checked<P, Q, B>): readonly Action[]
      run(context: Context, input: Checked<P, Q, B>): Promise<Outcome<z.input<A>>>
    },
): Operation {
  const { params = Nothing, query = Nothing, body = Nothing, also = () => [], run, ...rest } = of
  return {
    status: 200,
    changes: 'nothing',
    problems: [],
    ...rest,
    params,
    query,
    body,
    // The router validates by these very schemas before it calls.
    also: (input) => also(input as Checked<P, Q, B>),
    run: (context, input) => run(context, input as Checked<P, Q, B>),
  }
}

export function answer<Body>(body: Body): { kind: 'answer'; body: Body } {
  return { kind: 'answer', body }
}

export function invalid(path: string, message: string): Invalid {
  return { kind: 'invalid', errors: [{ path, message }] }
}
