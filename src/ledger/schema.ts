/**
 * The tables as they are read, for the hot path's prepared statements and for Kysely alike. Instants are epoch milliseconds, columns named
 * in `JSON` below hold JSON text, `raw` and the hashes are bytes. What each column means is said where its type travels: event.ts, message.ts.
 */
export type Schema = {
  meta: MetaRow
  sources: SourceRow
  events: EventRow
  event_keys: EventKeyRow
  messages: MessageRow
  message_identifiers: MessageIdentifierRow
  once_keys: OnceKeyRow
  suppressions: SuppressionRow
  consents: ConsentRow
  lanes: LaneRow
  attempts: AttemptRow
  pauses: PauseRow
  route_opens: RouteOpensRow
  refused: RefusedRow
  operators: OperatorRow
  sessions: SessionRow
  api_tokens: ApiTokenRow
  failed_logins: FailedLoginRow
  audit: AuditRow
  idempotency_keys: IdempotencyKeyRow
  runs: RunRow
  run_messages: RunMessageRow
  refused_deliveries: RefusedDeliveryRow
  notices: NoticeRow
  budget: BudgetRow
  customer_sends: CustomerSendRow
  tallies: TallyRow
  instances: InstanceRow
}

/** `schema`: the number of the last migration; `host`: the API host this ledger sends to; `key`: what tells its key from another; `ping`: when readiness last asked; `payloads`: the id of the event up to which payloads were removed; `expects:NAME`: since when that source is expected to be heard of. */
export type MetaRow = { name: string; value: string }

/** When each source's last event was received; a row a source, so that nobody counts events to know it. */
export type SourceRow = { name: string; last_event_at: number }

export type EventRow = {
  id: number
  source: string
  type: string
  key: string
  occurred_at: number
  received_at: number
  state: string
  reason: string | null
  /** JSON */
  notes: string
  config_version: string
  raw: Uint8Array
  /** Null: the same as `type`. */
  sender_type: string | null
  subject: string | null
  /** JSON; null: none. */
  headers: string | null
  /** What is gone of it, and why, in words; null: nothing. */
  removed: string | null
}

/** Claims (source, key), and where the sender does not sign its keys the body too (`event_id` null). It has no foreign key: it outlives the event, so that retention needs no tombstones. */
export type EventKeyRow = { hash: Uint8Array; keep_until: number; event_id: number | null }

export type MessageRow = {
  id: number
  event_id: number
  lane: number
  source: string
  route: string
  channel: string
  state: string
  reason: string | null
  code: string | null
  /** 0: re-triggered by an operator, goes first; 1: automatic. */
  rank: number
  due_at: number
  expire_at: number
  lease_owner: string | null
  lease_token: string | null
  /** 0: not leased. */
  lease_until: number
  attempts: number
  failures: number
  manual_by: string | null
  contact_id: string | null
  found_by: string | null
  conversation_id: string | null
  sent_at: number | null
  delivery: string
  created_at: number
  updated_at: number
  config_version: string
  /** JSON */
  customer: string
  /** JSON */
  policies: string
  /** JSON */
  would_send: string | null
  delivery_reason: string | null
  /** JSON */
  session: string | null
  /** Null in every state but `unconfirmed` and `sent`. */
  look_at: number | null
  looks: number
  /** JSON */
  last_look: string | null
  waits: number
  /** Keyed hashes of the customer's names, and hashes of what cancels it; 16 bytes each, one after the other. */
  names: Uint8Array | null
  cancel_keys: Uint8Array | null
  cancel_from: number
  /** The hash of the name of which another message has the turn. */
  waits_for: Uint8Array | null
  /** The message that held its key (`once`); null: it is not skipped because of that. */
  skipped_for: number | null
  /** What is gone of it, and why, in words; null: nothing. */
  removed: string | null
  /** Of the key (`once`) that went with that. */
  once_hash: Uint8Array | null
}

/** The messages of a customer, by the hash of one identifier, within each block of messages: `message_id >> BLOCK_SHIFT`. */
export type MessageIdentifierRow = { block: number; hash: Uint8Array; message_id: number }

/**
 * 1,024 messages are a block. Finding a customer looks once into each block, which is some 10,000 look-ups at ten million messages. Measured for an
 * event with two identifiers: a third less for its commit than one tree of all hashes.
 */
export const BLOCK_SHIFT = 10

/** Which message holds a route's business key. */
export type OnceKeyRow = { hash: Uint8Array; message_id: number; taken_at: number }

/** `channel` '': all. `kind`: which identifier it is the hash of. */
export type SuppressionRow = {
  hash: Uint8Array
  channel: string
  kind: string
  reason: string
  by: string
  since: number
  /** Null: it holds. */
  lifted_at: number | null
}

/** A customer's newest word about marketing. */
export type ConsentRow = { hash: Uint8Array; given: number; at: number }

/** What one pause can stop: the messages of a lane are all under a pause, or none is. */
export type LaneRow = { id: number; route: string; source: string; channel: string }

export type AttemptRow = {
  id: number
  message_id: number
  number: number
  channel: string
  outcome: string
  by: string | null
  opened_at: number
  settled_at: number | null
  status: number | null
  code: string | null
  reason: string | null
  correlation_id: string | null
  conversation_id: string | null
  genesys_message_id: string | null
  contact_id: string | null
  /** JSON */
  rendered: string
  address: string | null
}

export type PauseRow = {
  id: number
  scope: string
  /** Empty where the scope is `all`: a null would escape the unique index. */
  name: string
  code: string
  reason: string
  since: number
  until: number | null
  probes: number
  by: string
  /** The message that probes for it at present. */
  probe_message: number | null
  ended_at: number | null
  ended_by: string | null
}

/** How many messages of a route were opened for the first time in one bucket of its brake's window. */
export type RouteOpensRow = { route: string; per_ms: number; bucket: number; count: number }

/** `hour`: epoch milliseconds of its beginning. */
export type RefusedRow = {
  source: string
  reason: string
  hour: number
  count: number
  first_at: number
  last_at: number
}

/**
 * `tat`: the theoretical arrival time of GCRA, epoch milliseconds with fractions. Until `lowered_until` no more than `lowered_per_minute` are given; where that
 * is 0, none.
 */
export type BudgetRow = {
  id: number
  tat: number
  lowered_per_minute: number | null
  lowered_until: number | null
  taken_at: number | null
}

export type OperatorRow = {
  id: number
  name: string
  role: string
  password: string
  created_at: number
  created_by: string
  removed_at: number | null
}

export type SessionRow = {
  hash: Uint8Array
  operator_id: number
  created_at: number
  seen_at: number
  expires_at: number
}

export type ApiTokenRow = {
  id: number
  name: string
  hash: Uint8Array
  role: string
  created_at: number
  created_by: string
  expires_at: number | null
  used_at: number | null
  revoked_at: number | null
}

export type FailedLoginRow = { hash: Uint8Array; count: number; last_at: number }

export type AuditRow = {
  id: number
  at: number
  by: string
  action: string
  /** JSON */
  target: string
  reason: string | null
}

export type IdempotencyKeyRow = {
  hash: Uint8Array
  request_hash: Uint8Array
  status: number | null
  /** JSON */
  body: string | null
  created_at: number
}

export type RunRow = {
  id: number
  state: string
  by: string
  reason: string | null
  force: number
  late: number
  /** JSON */
  filter: string
  created_at: number
  ended_at: number | null
  total: number
  retried: number
  refused: number
}

export type RunMessageRow = {
  run_id: number
  message_id: number
  state: string
  reason: string | null
  /** How many its message had when it was foreseen; null: of a run that was begun before this was kept. */
  attempts: number | null
}

export type RefusedDeliveryRow = {
  id: number
  source: string
  received_at: number
  reason: string
  method: string
  target: string
  bytes: number
  accepted_at: number | null
  /** JSON */
  headers: string
  body: Uint8Array | null
}

export type NoticeRow = {
  id: number
  cause: string
  kind: string
  /** JSON */
  data: string
  since: number
  told_at: number | null
  over_at: number | null
  over_told_at: number | null
  tried_at: number | null
}

/** A request that left, by one name of its customer and a group of caps. */
export type CustomerSendRow = { hash: Uint8Array; cap_group: string; opened_at: number; attempt_id: number }

/** `minute`: epoch milliseconds of its beginning. `name`: a source or a route; empty where the kind has none. */
export type TallyRow = { minute: number; kind: string; name: string; count: number }

export type InstanceRow = {
  id: string
  host: string
  pid: number
  config_version: string
  started_at: number
  seen_at: number
}
