const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const UNITS = ['d', 'h', 'm', 's'] as const

/** `90s`, `30m`, `24h`, `7d` → milliseconds; null where it is none of these. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})([smhd])$/.exec(text.trim())
  return match ? Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0) : null
}

/** Milliseconds in the largest unit that says it exactly; what is no whole number of seconds is rounded up. */
export function formatDuration(ms: number): string {
  const unit = UNITS.find((one) => ms > 0 && ms % (UNIT_MS[one] ?? 1) === 0) ?? 's'
  return `${Math.ceil(ms / (UNIT_MS[unit] ?? 1))}${unit}`
}
