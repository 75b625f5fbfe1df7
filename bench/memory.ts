import { readFileSync } from 'node:fs'

/** Resident memory of a process, in MiB: now, and the most it had since it began. */
export type Memory = { rssMb: number; mostMb: number }

/** What a service may take, in MiB, whatever comes. */
export const MOST_MB = 200

const MIB = 2 ** 20

/** Of this process. */
export function memoryOf(): Memory {
  const rssMb = process.memoryUsage.rss() / MIB
  return { rssMb, mostMb: Math.max(rssMb, mostOf('self') ?? process.resourceUsage().maxRSS / 1024) }
}

/**
 * The most that a process had, by its id; null where the system does not say. Not getrusage's, which on Linux a process takes over from the one that
 * started it.
 */
export function mostOf(pid: number | 'self'): number | null {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) / 1024
  } catch {
    return null
  }
}
