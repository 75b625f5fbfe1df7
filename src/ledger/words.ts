const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** A duration in milliseconds for people, in its largest whole unit: `2 hours`, `1 minute`, `less than a second`. */
export function inWords(ms: number): string {
  for (const [unit, size] of UNITS) {
    const count = Math.floor(ms / size)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return 'less than a second'
}

/** Why a message that came too late is not sent, and how it is sent nevertheless. */
export function expiredReason(message: { id: number; expire_at: number }, now: number): string {
  const latest = `${new Date(message.expire_at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return `It was to be sent by ${latest} at the latest, and its turn came ${inWords(now - message.expire_at)} after that. Should the customer still get it, re-trigger it: postrider messages retry ${message.id}`
}
