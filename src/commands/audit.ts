import type { AuditFilter } from '../ledger/access.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { auditJson } from '../ops/shapes/access.ts'
import { localTime, printJson, printTable, type Terminal } from './output.ts'

/** Who did what, newest first. */
export async function listAudit(ledger: Ledger, filter: AuditFilter, json: boolean, terminal: Terminal) {
  const lines = await ledger.reads.audit(filter)
  if (json) return printJson(terminal, lines.map(auditJson))
  printTable(
    terminal,
    ['ID', 'AT', 'BY', 'ACTION', 'TARGET', 'REASON'],
    lines.map(({ id, at, by, action, target, reason }) => [
      id,
      localTime(at),
      by,
      action,
      Object.entries(target)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      reason,
    ]),
    'Nobody has done anything yet.',
  )
}
