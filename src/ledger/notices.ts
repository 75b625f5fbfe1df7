/** Of what somebody is told outside (`notify`): once when it begins, once when it is over. */
export type Notices = {
  /**
   * Compares what needs a person now with what stands: what is new begins, what is gone is over, in one transaction. `causes`: all of them, each once.
   */
  observe(causes: readonly NoticeCause[]): Promise<void>
  /** What is still to be told, oldest first, fifty at most: beginnings, and ends of what was told. What began and ended untold is told neither way. */
  untold(): Promise<Notice[]>
  /** It was told: that it began, or that it is over. */
  told(id: number, what: 'began' | 'over'): Promise<void>
}

/** `cause`: what makes it the same as long as it lasts: `pause:route:ticket-resolved:brake`. `data`: what is said, without names or addresses of customers. `since`: epoch milliseconds. */
export type NoticeCause = {
  cause: string
  kind: string
  data: Readonly<Record<string, unknown>>
  since: number
}
export type Notice = NoticeCause & { id: number; what: 'began' | 'over'; overAt: number | null }
