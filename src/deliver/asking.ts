import type { Answer } from '../genesys/genesys.ts'
import type { Channel, Message, Pause } from '../message.ts'
import type { Asked } from './breaker.ts'
import type { DeliverDeps } from './deliver.ts'
import type { Ask } from './find.ts'
import { outcomeOf } from './outcomes.ts'

type AskDeps = Pick<DeliverDeps, 'genesys' | 'budget' | 'contacts' | 'sessions' | 'breaker' | 'stopping'>

/** Makes a call that is not a send: takes its place in the budget, and tells the breaker what came back. */
export async function paced<T>(
  call: () => Promise<Answer<T>>,
  message: Message,
  probe: Pause | null,
  deps: AskDeps,
): Promise<Answer<T>> {
  await deps.budget.take(deps.stopping)
  const answer = await call()
  // Only its trouble counts: that look-ups are answered does not say that sends are.
  const { certainty, pause } = outcomeOf(answer)
  if (certainty === 'unknown' || pause) await deps.breaker.after(answer, asked('question', message), probe)
  return answer
}

export function asked(
  kind: Asked['kind'],
  { id, channel: claimed, policies }: Message,
  channel: Channel = claimed,
): Asked {
  const isLookedFor = policies.onUnconfirmed === 'resend-if-absent' && channel === 'webmessaging'
  return { kind, messageId: id, isLookedFor }
}

/** What may be asked on the way to the send, with what is remembered of it; a probe asks in any case. */
export function askOf(message: Message, probe: Pause | null, deps: AskDeps): Ask {
  const fresh = probe !== null
  return {
    contact: (identifier) =>
      deps.contacts.lookup(
        identifier,
        (wanted) => paced(() => deps.genesys.findContact(wanted), message, probe, deps),
        fresh,
      ),
    session: (contact, withinMs) =>
      deps.sessions.newest(
        contact,
        withinMs,
        async (query) => {
          await deps.budget.take(deps.stopping)
          const answer = await deps.genesys.findConversations(query)
          const { certainty, pause } = outcomeOf(answer)
          // Routes that ask for no session must not wait for a permission that only this one needs.
          const isOfAll = certainty === 'unknown' || (pause !== null && pause.code !== 'permissions')
          if (isOfAll) await deps.breaker.after(answer, asked('question', message), probe)
          return answer
        },
        fresh,
      ),
  }
}
