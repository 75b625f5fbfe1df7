import { budgetOf, isSdkAnswer, readRejection, readSuccess, type SdkAnswer } from './answer.ts'
import type { Answer, BudgetReading } from './genesys.ts'
import type { Sdk } from './sdk.ts'
import type { Tokens } from './token.ts'

/** Makes one request and reads its body; `read` answers undefined for a body that is not what was asked for. */
export type Call = <T>(
  request: () => Promise<unknown>,
  read: (body: unknown) => T | undefined,
) => Promise<Answer<T>>

export type CallOptions = {
  /** Waits for a place in the budget: before each request of a function after its first (a further page; again, after a token was refused). */
  pace: () => Promise<void>
  /** Hears what an answer's headers say of the budget, where it has such headers: of every answer but the login's. Must not throw. */
  onBudget?: (reading: BudgetReading) => void
}

/** Requests with a token that lasts; once more with a new one where it was refused, and then never again. */
export function createCall(sdk: Sdk, tokens: Tokens, { pace, onBudget }: CallOptions): Call {
  async function once<T>(request: () => Promise<unknown>, read: (body: unknown) => T | undefined) {
    const token = await tokens.current()
    if (token.kind === 'no-token') return { answer: token, token: null }
    const { outcome, answer } = await settled<T>(request, read)
    const reading = isSdkAnswer(outcome) ? budgetOf(outcome) : null
    if (reading && Object.values(reading).some((value) => value !== null)) onBudget?.(reading)
    return { answer, token }
  }

  async function settled<T>(
    request: () => Promise<unknown>,
    read: (body: unknown) => T | undefined,
  ): Promise<{ outcome: unknown; answer: Answer<T> }> {
    try {
      const outcome = (await request()) as SdkAnswer
      return { outcome, answer: readSuccess(outcome, read) }
    } catch (outcome) {
      return { outcome, answer: readRejection(outcome, sdk.stood(outcome)) }
    }
  }

  return async (request, read) => {
    const first = await once(request, read)
    if (first.answer.kind !== 'refused' || first.answer.status !== 401 || !first.token) return first.answer
    tokens.refused(first.token)
    await pace()
    return (await once(request, read)).answer
  }
}
