/** Of what somebody is told outside (`notify`): once when it begins, once when it is over. */
export type Notices = {
  /**
   * Compares what needs a person now with what stands: what is new begins, what is gone is over, in one transaction. `causes`: all of them, each once.
   */
  observe(causes: readonly NoticeCause[]): Promise<void>
  /** What is still to be told, oldest first, fifty at most: beginnings, and ends of what was told or may have been heard of. What began and ended unheard of is told neither way. */
  untold(): Promise<Notice[]>
  /** It was told: that it began, or that it is over. */
  told(id: number, what: 'began' | 'over'): Promise<void>
  /** Before it is posted that it began: that it may have arrived, so that its end is told even where nobody learns what became of the post. Then, where it certainly did not arrive: that too. */
  tried(id: number, mayHaveArrived: boolean): Promise<void>
}

/** `cause`: what makes it the same as long as it lasts: `pause:route:ticket-resolved:brake:7`. `data`: what is said, without names or addresses of customers. `since`: epoch milliseconds. */
export type NoticeCause = {
  cause: string
  kind: string
  data: Readonly<Record<string, unknown>>
  since: number
}
/** `tried`: that it began may have arrived already, though nobody knows it. */
export type Notice = NoticeCause & {
  id: number
  what: 'began' | 'over'
  overAt: number | null
  tried: boolean
}
