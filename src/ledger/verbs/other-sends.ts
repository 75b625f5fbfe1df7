import { CLOCK_SLACK_MS } from '../../message.ts'
import type { OtherSends } from '../ledger.ts'
import type { AttemptRow } from '../schema.ts'
import type { Store } from './store.ts'

/** So many are read of each kind. Whoever got more than these within that time is a case for a person, so the rest counts as unidentified. */
const MOST = 100

type Beside = Pick<AttemptRow, 'id' | 'channel' | 'outcome' | 'conversation_id' | 'genesys_message_id'>

/** What else is known to have gone to an attempt's contact, or to its address, beside it. */
export function createOtherSends({ prepare }: Store) {
  const COLUMNS = 'id, channel, outcome, conversation_id, genesys_message_id'
  const toContact = prepare<Beside>(
    `SELECT ${COLUMNS} FROM attempts WHERE contact_id = ? AND opened_at >= ? AND id <> ? ORDER BY opened_at LIMIT ?`,
  )
  const toAddress = prepare<Beside>(
    `SELECT ${COLUMNS} FROM attempts WHERE address = ? AND opened_at >= ? AND channel = ? AND id <> ?
     ORDER BY opened_at LIMIT ?`,
  )

  return ({ id, channel, contact_id, address, opened_at }: AttemptRow): OtherSends => {
    const since = opened_at - CLOCK_SLACK_MS
    const rows = [
      ...(contact_id === null ? [] : toContact.all(contact_id, since, id, MOST + 1)),
      ...(address === null ? [] : toAddress.all(address, since, channel, id, MOST + 1)),
    ]
    const beside = [...new Map(rows.map((row) => [row.id, row])).values()]
    const read = beside.slice(0, MOST)
    return {
      genesysMessageIds: known(read.map(({ genesys_message_id }) => genesys_message_id)),
      conversationIds: known(read.map(({ conversation_id }) => conversation_id)),
      unidentified:
        beside.length - read.length + read.filter((other) => isUnidentified(other, channel)).length,
    }
  }
}

/** Each channel has conversations of its own, so that what went over another cannot be taken for it. An email is alone in its conversation. */
function isUnidentified(other: Beside, channel: string): boolean {
  if (other.channel !== channel || other.outcome === 'failed' || other.genesys_message_id !== null)
    return false
  return channel !== 'email' || other.conversation_id === null
}

function known(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))]
}
