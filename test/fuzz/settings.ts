/** Of the environment: where chance begins, so that a run can be had again, and how many deliveries there are. */
export function settings(runs: number): { seed: number; runs: number } {
  return {
    seed: Number(process.env.SEED ?? Date.now() % 1_000_000_000),
    runs: Number(process.env.RUNS ?? runs),
  }
}
